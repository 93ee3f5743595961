noinst_LIBRARIES += clients/common/libclient.a
clients_common_libclient_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JSON_CFLAGS)
clients_common_libclient_a_SOURCES = \
	clients/common/client.c clients/common/client.h \
	clients/common/dict.c clients/common/dict.h \
	clients/common/distance.c clients/common/distance.h \
	clients/common/errors.c \
	dbus/jsonview.c dbus/jsonview.h \
	clients/common/order.c clients/common/order.h \
	clients/common/secretfd.c clients/common/secretfd.h \
	clients/common/start.c \
	clients/common/status.c clients/common/status.h
