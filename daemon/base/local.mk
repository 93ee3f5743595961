noinst_LIBRARIES += daemon/base/libbase.a

daemon_base_libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS) $(INIH_CFLAGS) $(CURL_CFLAGS)
daemon_base_libbase_a_SOURCES = \
	daemon/base/arena.c \
	daemon/base/arena.h \
	daemon/base/calendar.c \
	daemon/base/calendar.h \
	daemon/base/config-path.c \
	daemon/base/config.c \
	daemon/base/config.h \
	daemon/base/csv.c \
	daemon/base/csv.h \
	daemon/base/digest.c \
	daemon/base/json-scan.c \
	daemon/base/json-scan.h \
	daemon/base/jsonutil.c \
	daemon/base/jsonutil.h \
	daemon/base/keyring-protocol.h \
	daemon/base/log.c \
	daemon/base/log.h \
	daemon/base/money.c \
	daemon/base/money.h \
	daemon/base/records.c \
	daemon/base/records.h \
	daemon/base/secret.c \
	daemon/base/secret.h \
	daemon/base/timeutil.c \
	daemon/base/timeutil.h \
	daemon/base/url.c \
	daemon/base/url.h \
	daemon/base/util.c \
	daemon/base/util.h \
	daemon/base/uuid.c \
	daemon/base/uuid.h
