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
