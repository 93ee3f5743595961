bin_PROGRAMS += clients/cli/customerclient
noinst_LIBRARIES += clients/cli/libcli.a

cli_cflags = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JSON_CFLAGS) $(QRENCODE_CFLAGS)
cli_libs = clients/cli/libcli.a clients/chart/libchart.a clients/common/libclient.a daemon/base/libbase.a \
	$(SYSTEMD_LIBS) $(JSON_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS) $(QRENCODE_LIBS) $(CAIRO_LIBS) -lm

clients_cli_customerclient_CFLAGS = $(cli_cflags)
clients_cli_customerclient_SOURCES = clients/cli/main.c
clients_cli_customerclient_LDADD = $(cli_libs)

clients_cli_libcli_a_CFLAGS = $(cli_cflags)
clients_cli_libcli_a_SOURCES = \
	clients/cli/account.h \
	clients/cli/args.c clients/cli/args.h \
	clients/cli/bundle.c clients/cli/bundle-person.c clients/cli/bundle.h \
	clients/cli/cart.h \
	clients/cli/cli.c clients/cli/cli.h \
	clients/cli/completion.c \
	clients/cli/export.h \
	clients/cli/export-file.c \
	clients/cli/export-ics.c \
	clients/cli/export-ledger.c \
	clients/cli/doctor.c clients/cli/doctor.h \
	clients/cli/doctor-bus.c \
	clients/cli/doctor-desktop.c \
	clients/cli/doctor-status.c \
	clients/cli/estimate.c clients/cli/estimate.h \
	clients/cli/help.c \
	clients/cli/items.c clients/cli/items.h \
	clients/cli/order-flow.h \
	clients/cli/order-view.h \
	clients/cli/orders-list.h \
	clients/cli/open.c clients/cli/open.h \
	clients/cli/pager.c \
	clients/cli/pay.c clients/cli/pay.h \
	clients/cli/pay-card.c \
	clients/cli/pay-qr.c \
	clients/cli/pay-watch.c \
	clients/cli/photo.c clients/cli/photo.h \
	clients/cli/player.c clients/cli/player.h \
	clients/cli/predictions.c clients/cli/predictions.h \
	clients/cli/product.c clients/cli/product.h \
	clients/cli/progress.c clients/cli/progress.h \
	clients/cli/prompt.c clients/cli/prompt.h \
	clients/cli/qr-draw.c clients/cli/qr-draw.h \
	clients/cli/save.c clients/cli/save.h \
	clients/cli/redact.c clients/cli/redact.h \
	clients/cli/run.c clients/cli/run.h \
	clients/cli/session.h \
	clients/cli/settings.h \
	clients/cli/stats.h \
	clients/cli/stats-chart.c \
	clients/cli/stats-data.c \
	clients/cli/stats-overview.c \
	clients/cli/stats-query.c \
	clients/cli/style.c clients/cli/style.h \
	clients/cli/table.c clients/cli/table.h \
	clients/cli/text.c clients/cli/text.h \
	clients/cli/track-render.c clients/cli/track-render.h \
	clients/cli/track-screen.c clients/cli/track-screen.h \
	clients/cli/verb-account.c \
	clients/cli/verb-cancel.c \
	clients/cli/verb-cards.c \
	clients/cli/verb-cart.c \
	clients/cli/verb-export.c \
	clients/cli/verb-doctor.c \
	clients/cli/verb-menu.c \
	clients/cli/verb-monitor.c \
	clients/cli/verb-notifications.c \
	clients/cli/verb-order.c \
	clients/cli/verb-orders.c \
	clients/cli/verb-pay.c \
	clients/cli/verb-pending.c \
	clients/cli/verb-rate.c \
	clients/cli/verb-recommend.c \
	clients/cli/verb-reorder.c \
	clients/cli/verb-report.c \
	clients/cli/verb-settings.c \
	clients/cli/verb-show.c \
	clients/cli/verb-sign-in.c \
	clients/cli/verb-sign-up.c \
	clients/cli/verb-stats.c \
	clients/cli/verb-status.c \
	clients/cli/verb-sync.c \
	clients/cli/verb-track.c \
	clients/cli/verb-videos.c \
	clients/cli/verb-wait.c \
	clients/cli/verbs.c clients/cli/verbs.h \
	clients/cli/watch.c clients/cli/watch.h \
	clients/cli/waybar.c clients/cli/waybar.h \
	clients/cli/when.c clients/cli/when.h
