noinst_LIBRARIES += daemon/net/libnet.a

daemon_net_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(CURL_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS)
daemon_net_libnet_a_SOURCES = \
	daemon/net/answer.c \
	daemon/net/answer.h \
	daemon/net/backoff.c \
	daemon/net/backoff.h \
	daemon/net/http.c \
	daemon/net/http.h \
	daemon/net/init.c \
	daemon/net/multi.c \
	daemon/net/multi.h \
	daemon/net/relay-peer.c \
	daemon/net/relay-peer.h \
	daemon/net/relay-private.h \
	daemon/net/relay-request.c \
	daemon/net/relay-request.h \
	daemon/net/relay-viewer.c \
	daemon/net/relay.c \
	daemon/net/relay.h \
	daemon/net/signalr-frame.c \
	daemon/net/signalr-frame.h \
	daemon/net/signalr-negotiate.c \
	daemon/net/signalr-negotiate.h \
	daemon/net/signalr-message.c \
	daemon/net/signalr-private.h \
	daemon/net/signalr-transport.c \
	daemon/net/signalr.c \
	daemon/net/signalr.h \
	daemon/net/sse.c \
	daemon/net/sse.h
