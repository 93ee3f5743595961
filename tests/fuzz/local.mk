# A target per parser, fuzz-NAME.c, with corpus/NAME. Add yours to fuzz_targets, with _SOURCES, _CPPFLAGS and _LDADD.
fuzz_targets =
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(EVENT_CFLAGS)
FUZZ_BASE_LIBS = daemon/base/libbase.a $(JSON_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS) -lm
FUZZ_NET_LIBS = daemon/net/libnet.a $(FUZZ_BASE_LIBS) $(EVENT_LIBS)

if ENABLE_FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_DRIVER =
noinst_PROGRAMS += $(fuzz_targets)
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_DRIVER = tests/fuzz/libdriver.a
check_LIBRARIES += tests/fuzz/libdriver.a
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif
tests_fuzz_libdriver_a_SOURCES = tests/fuzz/driver.c tests/fuzz/fuzz.h
EXTRA_DIST += tests/fuzz/corpus

# backend
fuzz_targets += tests/fuzz/fuzz-answer tests/fuzz/fuzz-catalog tests/fuzz/fuzz-order tests/fuzz/fuzz-push \
	tests/fuzz/fuzz-predictive tests/fuzz/fuzz-session tests/fuzz/fuzz-statistical
FUZZ_BACKEND_LIBS = $(FUZZ_DRIVER) daemon/backend/libbackend.a $(FUZZ_NET_LIBS)

tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz-answer.c
tests_fuzz_fuzz_answer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_answer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_answer_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_catalog_SOURCES = tests/fuzz/fuzz-catalog.c
tests_fuzz_fuzz_catalog_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_catalog_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_catalog_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_order_SOURCES = tests/fuzz/fuzz-order.c
tests_fuzz_fuzz_order_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_order_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_order_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_push_SOURCES = tests/fuzz/fuzz-push.c
tests_fuzz_fuzz_push_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_push_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_push_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_predictive_SOURCES = tests/fuzz/fuzz-predictive.c
tests_fuzz_fuzz_predictive_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_predictive_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_predictive_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_session_SOURCES = tests/fuzz/fuzz-session.c
tests_fuzz_fuzz_session_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_session_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_session_LDADD = $(FUZZ_BACKEND_LIBS)

tests_fuzz_fuzz_statistical_SOURCES = tests/fuzz/fuzz-statistical.c
tests_fuzz_fuzz_statistical_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_statistical_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_statistical_LDADD = $(FUZZ_BACKEND_LIBS)

# base, net
fuzz_targets += tests/fuzz/fuzz-json
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz-json.c
tests_fuzz_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_json_LDADD = $(FUZZ_DRIVER) $(FUZZ_BASE_LIBS)

fuzz_targets += tests/fuzz/fuzz-relay
tests_fuzz_fuzz_relay_SOURCES = tests/fuzz/fuzz-relay.c
tests_fuzz_fuzz_relay_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_relay_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_relay_LDADD = $(FUZZ_DRIVER) $(FUZZ_NET_LIBS)

fuzz_targets += tests/fuzz/fuzz-sse
tests_fuzz_fuzz_sse_SOURCES = tests/fuzz/fuzz-sse.c
tests_fuzz_fuzz_sse_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_sse_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_sse_LDADD = $(FUZZ_DRIVER) $(FUZZ_NET_LIBS)

fuzz_targets += tests/fuzz/fuzz-signalr
tests_fuzz_fuzz_signalr_SOURCES = tests/fuzz/fuzz-signalr.c
tests_fuzz_fuzz_signalr_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_signalr_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_signalr_LDADD = $(FUZZ_DRIVER) $(FUZZ_NET_LIBS)

fuzz_targets += tests/fuzz/fuzz-money-time
tests_fuzz_fuzz_money_time_SOURCES = tests/fuzz/fuzz-money-time.c
tests_fuzz_fuzz_money_time_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_money_time_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_money_time_LDADD = $(FUZZ_DRIVER) $(FUZZ_BASE_LIBS)

fuzz_targets += tests/fuzz/fuzz-config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c
tests_fuzz_fuzz_config_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_DRIVER) $(FUZZ_BASE_LIBS)

fuzz_targets += tests/fuzz/fuzz-url
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz-url.c
tests_fuzz_fuzz_url_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_url_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_url_LDADD = $(FUZZ_DRIVER) $(FUZZ_BASE_LIBS)

fuzz_targets += tests/fuzz/fuzz-http-answer
tests_fuzz_fuzz_http_answer_SOURCES = tests/fuzz/fuzz-http-answer.c
tests_fuzz_fuzz_http_answer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_http_answer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_http_answer_LDADD = $(FUZZ_DRIVER) $(FUZZ_NET_LIBS)
include tests/fuzz/store.mk
include tests/fuzz/bus.mk
