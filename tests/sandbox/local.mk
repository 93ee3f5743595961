# The stand-in for the services. It is linked with nothing of daemon/ or clients/.
bin_PROGRAMS += tests/sandbox/customerclient-sandbox

tests_sandbox_customerclient_sandbox_CFLAGS = $(AM_CFLAGS) $(EVHTTP_CFLAGS) $(SSL_CFLAGS) $(JSON_CFLAGS) \
	$(SQLITE_CFLAGS) $(CAIRO_CFLAGS) $(QRENCODE_CFLAGS)
tests_sandbox_customerclient_sandbox_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir) -I$(top_builddir)
tests_sandbox_customerclient_sandbox_LDADD = $(EVHTTP_LIBS) $(SSL_LIBS) $(JSON_LIBS) $(SQLITE_LIBS) \
	$(CAIRO_LIBS) $(QRENCODE_LIBS) -lm
tests_sandbox_customerclient_sandbox_SOURCES = \
	tests/sandbox/auth.c \
	tests/sandbox/auth.h \
	tests/sandbox/base.c \
	tests/sandbox/base.h \
	tests/sandbox/call.c \
	tests/sandbox/call.h \
	tests/sandbox/card.c \
	tests/sandbox/card.h \
	tests/sandbox/catalog.c \
	tests/sandbox/catalog.h \
	tests/sandbox/clock.c \
	tests/sandbox/clock.h \
	tests/sandbox/control.c \
	tests/sandbox/deliver.c \
	tests/sandbox/deliver.h \
	tests/sandbox/faults.c \
	tests/sandbox/faults.h \
	tests/sandbox/file.c \
	tests/sandbox/file.h \
	tests/sandbox/handlers.h \
	tests/sandbox/help.c \
	tests/sandbox/help.h \
	tests/sandbox/history.c \
	tests/sandbox/hold.c \
	tests/sandbox/hold.h \
	tests/sandbox/http.c \
	tests/sandbox/http.h \
	tests/sandbox/hub.c \
	tests/sandbox/hub.h \
	tests/sandbox/hubwire.c \
	tests/sandbox/hubwire.h \
	tests/sandbox/journal.c \
	tests/sandbox/journal.h \
	tests/sandbox/life.c \
	tests/sandbox/life.h \
	tests/sandbox/mail.c \
	tests/sandbox/mail.h \
	tests/sandbox/main.c \
	tests/sandbox/menu.c \
	tests/sandbox/menu.h \
	tests/sandbox/order.c \
	tests/sandbox/order.h \
	tests/sandbox/ordering.c \
	tests/sandbox/paying.c \
	tests/sandbox/payment.c \
	tests/sandbox/payment.h \
	tests/sandbox/picture.c \
	tests/sandbox/places.c \
	tests/sandbox/places.h \
	tests/sandbox/png.c \
	tests/sandbox/png.h \
	tests/sandbox/predictive.c \
	tests/sandbox/pricing.c \
	tests/sandbox/pricing.h \
	tests/sandbox/push.c \
	tests/sandbox/push.h \
	tests/sandbox/qr.c \
	tests/sandbox/receipt.c \
	tests/sandbox/receipt.h \
	tests/sandbox/recommending.c \
	tests/sandbox/report.c \
	tests/sandbox/report.h \
	tests/sandbox/reporting.c \
	tests/sandbox/router.c \
	tests/sandbox/router.h \
	tests/sandbox/sandbox.h \
	tests/sandbox/seed.c \
	tests/sandbox/seed.h \
	tests/sandbox/seeding.c \
	tests/sandbox/settings.c \
	tests/sandbox/signup.c \
	tests/sandbox/statistical.c \
	tests/sandbox/store.c \
	tests/sandbox/store.h \
	tests/sandbox/stream.c \
	tests/sandbox/stream.h \
	tests/sandbox/tls.c \
	tests/sandbox/tls.h \
	tests/sandbox/values.c \
	tests/sandbox/values.h \
	tests/sandbox/videos.c \
	tests/sandbox/videos.h

dist_check_SCRIPTS += tests/sandbox/test-sandbox tests/sandbox/hub/test-hub
TESTS += tests/sandbox/test-sandbox tests/sandbox/hub/test-hub
EXTRA_DIST += \
	tests/sandbox/hub/.npmrc \
	tests/sandbox/hub/package.json \
	tests/sandbox/hub/test_hub.mjs \
	tests/sandbox/support.py \
	tests/sandbox/test_auth.py \
	tests/sandbox/test_faults.py \
	tests/sandbox/test_files.py \
	tests/sandbox/test_hub.py \
	tests/sandbox/test_life.py \
	tests/sandbox/test_orders.py \
	tests/sandbox/test_payments.py \
	tests/sandbox/test_predictive.py \
	tests/sandbox/test_program.py \
	tests/sandbox/test_seed.py \
	tests/sandbox/test_statistical.py \
	tests/sandbox/test_videos.py
