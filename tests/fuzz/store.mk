# store
fuzz_targets += tests/fuzz/fuzz-cursor tests/fuzz/fuzz-search
FUZZ_STORE_LIBS = $(FUZZ_DRIVER) daemon/store/libstore.a $(FUZZ_BASE_LIBS) $(SQLITE_LIBS)

tests_fuzz_fuzz_cursor_SOURCES = tests/fuzz/fuzz-cursor.c
tests_fuzz_fuzz_cursor_CPPFLAGS = $(FUZZ_CPPFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_cursor_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_cursor_LDADD = $(FUZZ_STORE_LIBS)

tests_fuzz_fuzz_search_SOURCES = tests/fuzz/fuzz-search.c
tests_fuzz_fuzz_search_CPPFLAGS = $(FUZZ_CPPFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_search_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_search_LDADD = $(FUZZ_STORE_LIBS)
