# A program per module. Add yours to unit_tests, with _SOURCES, _CPPFLAGS and _LDADD below.
unit_tests =
UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit -I$(top_srcdir)/clients $(CMOCKA_CFLAGS) $(JSON_CFLAGS)
UNIT_BASE_LIBS = daemon/base/libbase.a $(CMOCKA_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS)
UNIT_NET_LIBS = daemon/net/libnet.a $(UNIT_BASE_LIBS) $(EVENT_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# What malloc() gives and what free() takes is filled with a byte of its own in each run.
AM_TESTS_ENVIRONMENT = MALLOC_PERTURB_=$$(( $$(date +%s) % 255 + 1 )); export MALLOC_PERTURB_;

# base
unit_tests += tests/unit/test-money tests/unit/test-time tests/unit/test-json tests/unit/test-secret \
	tests/unit/test-util tests/unit/test-url tests/unit/test-config tests/unit/test-log tests/unit/test-calendar \
	tests/unit/test-csv

tests_unit_test_calendar_SOURCES = tests/unit/test-calendar.c
tests_unit_test_calendar_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_calendar_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_csv_SOURCES = tests/unit/test-csv.c
tests_unit_test_csv_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_csv_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_money_SOURCES = tests/unit/test-money.c tests/unit/unit.h
tests_unit_test_money_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_money_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_time_SOURCES = tests/unit/test-time.c
tests_unit_test_time_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_time_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_json_SOURCES = tests/unit/test-json.c
tests_unit_test_json_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_json_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_secret_SOURCES = tests/unit/test-secret.c
tests_unit_test_secret_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_secret_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_util_SOURCES = tests/unit/test-util.c
tests_unit_test_util_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_util_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_url_SOURCES = tests/unit/test-url.c
tests_unit_test_url_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_url_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_log_SOURCES = tests/unit/test-log.c
tests_unit_test_log_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_log_LDADD = $(UNIT_BASE_LIBS)

tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_LDADD = $(UNIT_BASE_LIBS)

# net
unit_tests += tests/unit/test-backoff tests/unit/test-sse tests/unit/test-signalr-frame tests/unit/test-http tests/unit/test-signalr \
	tests/unit/test-signalr-live tests/unit/test-http-tls tests/unit/test-relay

tests_unit_test_relay_SOURCES = tests/unit/test-relay.c tests/unit/unit.h
tests_unit_test_relay_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_relay_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_backoff_SOURCES = tests/unit/test-backoff.c
tests_unit_test_backoff_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_backoff_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_sse_SOURCES = tests/unit/test-sse.c
tests_unit_test_sse_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_sse_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_signalr_frame_SOURCES = tests/unit/test-signalr-frame.c
tests_unit_test_signalr_frame_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_signalr_frame_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_signalr_SOURCES = tests/unit/test-signalr.c tests/unit/peer.c tests/unit/peer.h
tests_unit_test_signalr_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_signalr_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_signalr_live_SOURCES = tests/unit/test-signalr-live.c tests/unit/peer.c tests/unit/peer.h
tests_unit_test_signalr_live_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_signalr_live_LDADD = $(UNIT_NET_LIBS)

tests_unit_test_http_tls_SOURCES = tests/unit/test-http-tls.c tests/unit/tls-server.c tests/unit/tls-server.h \
	tests/unit/peer.c tests/unit/peer.h
tests_unit_test_http_tls_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVHTTP_CFLAGS) $(SSL_CFLAGS)
tests_unit_test_http_tls_LDADD = $(UNIT_NET_LIBS) $(EVHTTP_LIBS) $(SSL_LIBS)

tests_unit_test_http_SOURCES = tests/unit/test-http.c tests/unit/peer.c tests/unit/peer.h
tests_unit_test_http_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_http_LDADD = $(UNIT_NET_LIBS)

# notifier
unit_tests += tests/unit/test-notifier-rules

tests_unit_test_notifier_rules_SOURCES = tests/unit/test-notifier-rules.c \
	clients/notifier/launch.c clients/notifier/memory.c clients/notifier/qr.c clients/notifier/rules.c \
	clients/notifier/terminal.c clients/notifier/texts.c clients/notifier/view.c
tests_unit_test_notifier_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/clients
tests_unit_test_notifier_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(NOTIFY_CFLAGS)
tests_unit_test_notifier_rules_LDADD = clients/common/libclient.a daemon/base/libbase.a $(CMOCKA_LIBS) $(NOTIFY_LIBS) \
	-lm

# backend
unit_tests += tests/unit/test-backend-decode tests/unit/test-backend-api tests/unit/test-backend-live \
	tests/unit/test-backend-statistical
UNIT_BACKEND_LIBS = daemon/backend/libbackend.a $(UNIT_NET_LIBS)

tests_unit_test_backend_decode_SOURCES = tests/unit/test-backend-decode.c
tests_unit_test_backend_decode_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_backend_decode_LDADD = $(UNIT_BACKEND_LIBS)

tests_unit_test_backend_statistical_SOURCES = tests/unit/test-backend-statistical.c
tests_unit_test_backend_statistical_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVENT_CFLAGS)
tests_unit_test_backend_statistical_LDADD = $(UNIT_BACKEND_LIBS)

tests_unit_test_backend_api_SOURCES = tests/unit/test-backend-api.c \
	tests/unit/backend-fixture.c tests/unit/backend-fixture.h
tests_unit_test_backend_api_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVHTTP_CFLAGS)
tests_unit_test_backend_api_LDADD = $(UNIT_BACKEND_LIBS) $(EVHTTP_LIBS)

# This one starts the sandbox that was built beside it.
tests_unit_test_backend_live_SOURCES = tests/unit/test-backend-live.c \
	tests/unit/backend-fixture.c tests/unit/backend-fixture.h
tests_unit_test_backend_live_CPPFLAGS = $(UNIT_CPPFLAGS) $(EVHTTP_CFLAGS)
tests_unit_test_backend_live_LDADD = $(UNIT_BACKEND_LIBS) $(EVHTTP_LIBS)

include tests/unit/core.mk
include tests/unit/store.mk
include tests/unit/clients.mk

BUS_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SYSTEMD_CFLAGS) $(EVENT_CFLAGS) $(JSON_CFLAGS) $(SQLITE_CFLAGS)
BUS_TEST_LIBS = daemon/bus/libbus.a daemon/core/libcore.a daemon/backend/libbackend.a daemon/net/libnet.a \
	daemon/store/libstore.a daemon/base/libbase.a $(CMOCKA_LIBS) $(SYSTEMD_LIBS) $(EVENT_LIBS) $(CURL_LIBS) \
	$(JSON_LIBS) $(SQLITE_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) -lm
BUS_TESTS = tests/unit/test-bus-error tests/unit/test-bus-fd tests/unit/test-bus-loop tests/unit/test-bus-options
if HAVE_CMOCKA
check_PROGRAMS += $(BUS_TESTS)
TESTS += $(BUS_TESTS)
endif
tests_unit_test_bus_error_SOURCES = tests/unit/test-bus-error.c
tests_unit_test_bus_error_CFLAGS = $(BUS_TEST_CFLAGS)
tests_unit_test_bus_error_LDADD = $(BUS_TEST_LIBS)
tests_unit_test_bus_fd_SOURCES = tests/unit/test-bus-fd.c
tests_unit_test_bus_fd_CFLAGS = $(BUS_TEST_CFLAGS)
tests_unit_test_bus_fd_LDADD = $(BUS_TEST_LIBS)
tests_unit_test_bus_loop_SOURCES = tests/unit/test-bus-loop.c
tests_unit_test_bus_loop_CFLAGS = $(BUS_TEST_CFLAGS)
tests_unit_test_bus_loop_LDADD = $(BUS_TEST_LIBS)
tests_unit_test_bus_options_SOURCES = tests/unit/test-bus-options.c
tests_unit_test_bus_options_CFLAGS = $(BUS_TEST_CFLAGS)
tests_unit_test_bus_options_LDADD = $(BUS_TEST_LIBS)

# The rules of the tree that a program can check.
dist_check_SCRIPTS += tests/check-source
TESTS += tests/check-source
