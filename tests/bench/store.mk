check_PROGRAMS += tests/bench/bench-store
tests_bench_bench_store_SOURCES = tests/bench/bench-store.c
tests_bench_bench_store_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(JSON_CFLAGS) $(EVENT_CFLAGS)
tests_bench_bench_store_LDADD = daemon/core/libcore.a daemon/store/libstore.a daemon/base/libbase.a $(SQLITE_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS)
