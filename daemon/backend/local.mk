noinst_LIBRARIES += daemon/backend/libbackend.a

daemon_backend_libbackend_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(EVENT_CFLAGS)
daemon_backend_libbackend_a_SOURCES = \
	daemon/backend/api-answer.c \
	daemon/backend/api-answer.h \
	daemon/backend/api.c \
	daemon/backend/api.h \
	daemon/backend/auth.c \
	daemon/backend/auth.h \
	daemon/backend/customer-decode.c \
	daemon/backend/customer-payments.c \
	daemon/backend/customer-private.h \
	daemon/backend/customer.c \
	daemon/backend/customer.h \
	daemon/backend/decode.c \
	daemon/backend/decode.h \
	daemon/backend/email.c \
	daemon/backend/email.h \
	daemon/backend/file.c \
	daemon/backend/file.h \
	daemon/backend/predictive.c \
	daemon/backend/predictive.h \
	daemon/backend/push.c \
	daemon/backend/push.h \
	daemon/backend/secret-body.c \
	daemon/backend/secret-body.h \
	daemon/backend/statistical.c \
	daemon/backend/statistical.h \
	daemon/backend/video.c \
	daemon/backend/video.h \
	daemon/backend/world.c
