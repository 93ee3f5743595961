bin_PROGRAMS += daemon/customerclientd
daemon_customerclientd_SOURCES = daemon/main.c
daemon_customerclientd_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(EVENT_CFLAGS) $(JSON_CFLAGS) $(SQLITE_CFLAGS)
daemon_customerclientd_LDADD = daemon/bus/libbus.a daemon/core/libcore.a daemon/backend/libbackend.a \
	daemon/net/libnet.a daemon/store/libstore.a daemon/base/libbase.a \
	$(SYSTEMD_LIBS) $(EVENT_LIBS) $(CURL_LIBS) $(JSON_LIBS) $(SQLITE_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS) -lm
