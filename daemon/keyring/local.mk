# What speaks with the desktop's keyring, for the daemon.
libexec_PROGRAMS += daemon/keyring/customerclient-keyring
daemon_keyring_customerclient_keyring_SOURCES = daemon/keyring/main.c daemon/keyring/service.c daemon/keyring/service.h
daemon_keyring_customerclient_keyring_CFLAGS = $(AM_CFLAGS) $(LIBSECRET_CFLAGS)
daemon_keyring_customerclient_keyring_LDADD = daemon/base/libbase.a $(LIBSECRET_LIBS)
