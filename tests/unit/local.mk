if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-notifier-rules
TESTS += tests/unit/test-notifier-rules
endif
tests_unit_test_notifier_rules_SOURCES = tests/unit/test-notifier-rules.c \
	clients/notifier/memory.c clients/notifier/rules.c clients/notifier/terminal.c clients/notifier/texts.c \
	clients/notifier/view.c
tests_unit_test_notifier_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/clients
tests_unit_test_notifier_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(NOTIFY_CFLAGS)
tests_unit_test_notifier_rules_LDADD = daemon/base/libbase.a $(CMOCKA_LIBS) $(NOTIFY_LIBS)

BACKEND_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS) $(EVENT_CFLAGS)
BACKEND_TEST_LIBS = daemon/backend/libbackend.a daemon/net/libnet.a daemon/base/libbase.a \
	$(CMOCKA_LIBS) $(CURL_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-backend-decode
TESTS += tests/unit/test-backend-decode
endif
tests_unit_test_backend_decode_SOURCES = tests/unit/test-backend-decode.c
tests_unit_test_backend_decode_CFLAGS = $(BACKEND_TEST_CFLAGS)
tests_unit_test_backend_decode_LDADD = $(BACKEND_TEST_LIBS) $(EVENT_LIBS) -lm

include tests/unit/store.mk
