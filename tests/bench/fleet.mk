# The fleet after an outage: a small one in make check, a million by make bench-fleet.
check_PROGRAMS += tests/bench/fleet
TESTS += tests/bench/fleet
tests_bench_fleet_SOURCES = tests/bench/fleet.c
tests_bench_fleet_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS)
tests_bench_fleet_LDADD = daemon/core/libcore.a daemon/net/libnet.a daemon/base/libbase.a $(INIH_LIBS) \
	$(CURL_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) -lm

bench-fleet: tests/bench/fleet
	tests/bench/fleet 1000000
.PHONY: bench-fleet
