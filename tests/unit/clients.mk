CLIENT_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/clients
CLIENT_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
CLIENT_TEST_LIBS = clients/cli/libcli.a clients/common/libclient.a daemon/base/libbase.a \
	$(CMOCKA_LIBS) $(SYSTEMD_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS) $(QRENCODE_LIBS) -lm
CLIENT_TESTS = tests/unit/test-client tests/unit/test-cli tests/unit/test-track-render
if HAVE_CMOCKA
check_PROGRAMS += $(CLIENT_TESTS)
TESTS += $(CLIENT_TESTS)
endif

tests_unit_test_client_SOURCES = tests/unit/test-client.c
tests_unit_test_client_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_test_client_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_test_client_LDADD = $(CLIENT_TEST_LIBS)

tests_unit_test_cli_SOURCES = tests/unit/test-cli.c
tests_unit_test_cli_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_test_cli_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_test_cli_LDADD = $(CLIENT_TEST_LIBS)

tests_unit_test_track_render_SOURCES = tests/unit/test-track-render.c
tests_unit_test_track_render_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_test_track_render_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_test_track_render_LDADD = $(CLIENT_TEST_LIBS)
