# Unit tests of daemon/store.
STORE_TEST_SOURCES = tests/unit/testing-store.c tests/unit/testing-store.h
STORE_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS) $(JSON_CFLAGS)
STORE_TEST_LIBS = daemon/store/libstore.a daemon/base/libbase.a \
	$(CMOCKA_LIBS) $(SQLITE_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-store
TESTS += tests/unit/test-store
endif
tests_unit_test_store_SOURCES = tests/unit/test-store.c $(STORE_TEST_SOURCES)
tests_unit_test_store_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_store_LDADD = $(STORE_TEST_LIBS)
