bin_PROGRAMS += clients/notifier/customerclient-notifier
clients_notifier_customerclient_notifier_SOURCES = \
	clients/notifier/bubbles.c clients/notifier/bubbles.h \
	clients/notifier/buttons.c clients/notifier/buttons.h \
	clients/notifier/feed.c clients/notifier/feed.h \
	clients/notifier/launch.c clients/notifier/launch.h \
	clients/notifier/main.c \
	clients/notifier/memory.c clients/notifier/memory.h \
	clients/notifier/notifier.c clients/notifier/notifier.h \
	clients/notifier/qr.c clients/notifier/qr.h \
	clients/notifier/rules.c clients/notifier/rules.h \
	clients/notifier/settings.c clients/notifier/settings.h \
	clients/notifier/terminal.c clients/notifier/terminal.h \
	clients/notifier/texts.c clients/notifier/texts.h \
	clients/notifier/view.c clients/notifier/view.h
clients_notifier_customerclient_notifier_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/clients
clients_notifier_customerclient_notifier_CFLAGS = $(AM_CFLAGS) $(NOTIFY_CFLAGS) $(SYSTEMD_CFLAGS) $(INIH_CFLAGS)
clients_notifier_customerclient_notifier_LDADD = clients/common/libclient.a daemon/base/libbase.a \
	$(NOTIFY_LIBS) $(SYSTEMD_LIBS) $(INIH_LIBS) -lm

applicationsdir = $(datadir)/applications
dist_applications_DATA = clients/notifier/org.deliveryservice.CustomerClient.desktop
iconsdir = $(datadir)/icons/hicolor/scalable/apps
dist_icons_DATA = clients/notifier/icons/hicolor/scalable/apps/org.deliveryservice.CustomerClient.svg
