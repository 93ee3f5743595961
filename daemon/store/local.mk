noinst_LIBRARIES += daemon/store/libstore.a
daemon_store_libstore_a_SOURCES = \
	daemon/store/catalog-pictures.c \
	daemon/store/catalog-private.h daemon/store/catalog-search.c daemon/store/catalog.c daemon/store/catalog.h \
	daemon/store/state-cart.c daemon/store/state-outbox.c daemon/store/state-private.h \
	daemon/store/state-session.c daemon/store/state.c daemon/store/state.h \
	daemon/store/store-files.c daemon/store/store-private.h daemon/store/store-sql.c daemon/store/store-sql.h \
	daemon/store/store.c daemon/store/store.h \
	daemon/store/text.c daemon/store/text.h \
	daemon/store/userdb-events.c daemon/store/userdb-facts.c daemon/store/userdb-notifications.c daemon/store/userdb-order-list.c \
	daemon/store/userdb-orders.c daemon/store/userdb-predictions.c daemon/store/userdb-private.h daemon/store/userdb-videos.c \
	daemon/store/userdb.c daemon/store/userdb.h
daemon_store_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) $(JSON_CFLAGS)
