# Unit tests of the pure parts of daemon/core.
CORE_TEST_LIBS = daemon/core/libcore.a daemon/net/libnet.a $(UNIT_BASE_LIBS)

unit_tests += tests/unit/test-schedule tests/unit/test-outbox-rules
tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c
tests_unit_test_schedule_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_schedule_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_outbox_rules_SOURCES = tests/unit/test-outbox-rules.c
tests_unit_test_outbox_rules_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_outbox_rules_LDADD = $(CORE_TEST_LIBS)
