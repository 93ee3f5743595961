CLIENT_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/clients
CLIENT_TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
CLIENT_TEST_LIBS = clients/cli/libcli.a clients/chart/libchart.a clients/common/libclient.a daemon/base/libbase.a \
	$(CMOCKA_LIBS) $(SYSTEMD_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS) $(QRENCODE_LIBS) $(CAIRO_LIBS) -lm
CLIENT_TESTS = tests/unit/test-client tests/unit/test-cli tests/unit/test-track-render tests/unit/test-chart tests/unit/test-doctor
if HAVE_CMOCKA
check_PROGRAMS += $(CLIENT_TESTS) tests/unit/draw-chart
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

CHART_LIBS = clients/chart/libchart.a clients/cli/libcli.a daemon/base/libbase.a $(CAIRO_LIBS) $(CRYPTO_LIBS) -lm

tests_unit_test_chart_SOURCES = tests/unit/test-chart.c tests/unit/chart-cases.c tests/unit/chart-cases.h
tests_unit_test_chart_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_test_chart_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_test_chart_LDADD = $(CHART_LIBS) $(CMOCKA_LIBS)

# For looking at charts.
tests_unit_draw_chart_SOURCES = tests/unit/draw-chart.c tests/unit/chart-cases.c tests/unit/chart-cases.h
tests_unit_draw_chart_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_draw_chart_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_draw_chart_LDADD = $(CHART_LIBS)

EXTRA_DIST += tests/data/charts-80.txt tests/data/charts-80-ascii.txt tests/data/charts-140.txt \
	tests/data/charts-140-ascii.txt
tests_unit_test_doctor_SOURCES = tests/unit/test-doctor.c
tests_unit_test_doctor_CPPFLAGS = $(CLIENT_TEST_CPPFLAGS)
tests_unit_test_doctor_CFLAGS = $(CLIENT_TEST_CFLAGS)
tests_unit_test_doctor_LDADD = $(CLIENT_TEST_LIBS)
