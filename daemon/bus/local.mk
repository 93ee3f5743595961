noinst_LIBRARIES += daemon/bus/libbus.a
daemon_bus_libbus_a_SOURCES = \
	daemon/bus/account-bus.c \
	daemon/bus/bus-error.c daemon/bus/bus-error.h \
	daemon/bus/bus-fd.c daemon/bus/bus-fd.h \
	daemon/bus/bus-loop.c daemon/bus/bus-loop.h \
	daemon/bus/bus-op.c daemon/bus/bus-op.h \
	daemon/bus/bus-options.c daemon/bus/bus-options.h \
	daemon/bus/bus-private.h \
	daemon/bus/bus-util.c \
	daemon/bus/bus.c daemon/bus/bus.h \
	daemon/bus/cart-bus.c \
	daemon/bus/catalog-bus.c \
	daemon/bus/daemon-bus.c \
	daemon/bus/files-bus.c daemon/bus/files-bus.h \
	daemon/bus/keyring-watch.c \
	daemon/bus/notifications-bus.c \
	daemon/bus/order-append.c \
	daemon/bus/order-object-bus.c \
	daemon/bus/order-options.c daemon/bus/order-options.h \
	daemon/bus/orders-bus.c daemon/bus/orders-bus.h \
	daemon/bus/orders-export-bus.c \
	daemon/bus/payments-bus.c \
	daemon/bus/predictions-bus.c \
	daemon/bus/session-bus.c \
	daemon/bus/settings-bus.c \
	daemon/bus/statistics-bus.c \
	daemon/bus/videos-bus.c \
	dbus/jsonview.c dbus/jsonview.h
daemon_bus_libbus_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(EVENT_CFLAGS) $(JSON_CFLAGS) $(SQLITE_CFLAGS)
