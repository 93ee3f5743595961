noinst_LIBRARIES += daemon/core/libcore.a
daemon_core_libcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) $(JSON_CFLAGS) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS)
daemon_core_libcore_a_SOURCES = \
	daemon/core/actions.c \
	daemon/core/card.c \
	daemon/core/cart.c \
	daemon/core/core-internal.h \
	daemon/core/core.c \
	daemon/core/core.h \
	daemon/core/deliveries.c \
	daemon/core/events.c \
	daemon/core/facts-scan.c \
	daemon/core/facts-scan.h \
	daemon/core/failure.c \
	daemon/core/failure.h \
	daemon/core/files.c \
	daemon/core/keyring.c \
	daemon/core/keyring.h \
	daemon/core/leftovers.c \
	daemon/core/network.c \
	daemon/core/notifications.c \
	daemon/core/orders.c \
	daemon/core/outbox-place.c \
	daemon/core/outbox-private.h \
	daemon/core/outbox-rules.c \
	daemon/core/outbox-rules.h \
	daemon/core/outbox.c \
	daemon/core/overview.c \
	daemon/core/payments.c \
	daemon/core/pictures.c \
	daemon/core/place.c \
	daemon/core/push.c \
	daemon/core/reports.c \
	daemon/core/schedule.c \
	daemon/core/schedule.h \
	daemon/core/series.c \
	daemon/core/series.h \
	daemon/core/session.c \
	daemon/core/settings.c \
	daemon/core/sign-up.c \
	daemon/core/statistics-private.h \
	daemon/core/statistics.c \
	daemon/core/statistics.h \
	daemon/core/sync.c \
	daemon/core/token-store.c \
	daemon/core/token-store.h
