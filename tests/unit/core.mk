# Unit tests of the pure parts of daemon/core.
CORE_TEST_LIBS = daemon/core/libcore.a daemon/net/libnet.a $(UNIT_BASE_LIBS)

unit_tests += tests/unit/test-schedule tests/unit/test-outbox-rules tests/unit/test-series
tests_unit_test_series_SOURCES = tests/unit/test-series.c
tests_unit_test_series_CPPFLAGS = $(UNIT_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_series_LDADD = daemon/core/libcore.a daemon/store/libstore.a $(UNIT_BASE_LIBS) $(SQLITE_LIBS)
tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c
tests_unit_test_schedule_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_schedule_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_outbox_rules_SOURCES = tests/unit/test-outbox-rules.c
tests_unit_test_outbox_rules_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_outbox_rules_LDADD = $(CORE_TEST_LIBS)
unit_tests += tests/unit/test-promises tests/unit/test-predictive-decode
tests_unit_test_promises_SOURCES = tests/unit/test-promises.c
tests_unit_test_promises_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_promises_LDADD = $(CORE_TEST_LIBS) -lm
tests_unit_test_predictive_decode_SOURCES = tests/unit/test-predictive-decode.c
tests_unit_test_predictive_decode_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_predictive_decode_LDADD = daemon/backend/libbackend.a $(UNIT_NET_LIBS) -lm
