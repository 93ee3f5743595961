# Unit tests of daemon/store.
STORE_TEST_SOURCES = tests/unit/testing-store.c tests/unit/testing-store.h
STORE_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS) $(JSON_CFLAGS)
STORE_TEST_LIBS = daemon/store/libstore.a daemon/base/libbase.a \
	$(CMOCKA_LIBS) $(SQLITE_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS)
STORE_TESTS = tests/unit/test-store tests/unit/test-state tests/unit/test-outbox-store tests/unit/test-catalog \
	tests/unit/test-userdb

unit_tests += $(STORE_TESTS)
EXTRA_DIST += tests/data/dump-database tests/data/catalog-v1.sql tests/data/state-v1.sql tests/data/state-v2.sql tests/data/userdb-v1.sql \
	tests/data/userdb-v2.sql tests/data/userdb-v3.sql tests/data/userdb-v4.sql

tests_unit_test_store_SOURCES = tests/unit/test-store.c $(STORE_TEST_SOURCES)
tests_unit_test_store_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_store_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_state_SOURCES = tests/unit/test-state.c $(STORE_TEST_SOURCES)
tests_unit_test_state_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_state_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_outbox_store_SOURCES = tests/unit/test-outbox-store.c $(STORE_TEST_SOURCES)
tests_unit_test_outbox_store_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_outbox_store_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_catalog_SOURCES = tests/unit/test-catalog.c $(STORE_TEST_SOURCES)
tests_unit_test_catalog_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_catalog_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_userdb_SOURCES = tests/unit/test-userdb.c $(STORE_TEST_SOURCES)
tests_unit_test_userdb_CFLAGS = $(STORE_TEST_CFLAGS)
tests_unit_test_userdb_LDADD = $(STORE_TEST_LIBS)
