# bus
fuzz_targets += tests/fuzz/fuzz-bus-options
tests_fuzz_fuzz_bus_options_SOURCES = tests/fuzz/fuzz-bus-options.c
tests_fuzz_fuzz_bus_options_CPPFLAGS = $(FUZZ_CPPFLAGS) $(SYSTEMD_CFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_bus_options_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_bus_options_LDADD = $(FUZZ_DRIVER) daemon/bus/libbus.a daemon/core/libcore.a \
	daemon/backend/libbackend.a $(FUZZ_NET_LIBS) daemon/store/libstore.a daemon/base/libbase.a $(SYSTEMD_LIBS) \
	$(SQLITE_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) -lm
