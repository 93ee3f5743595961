/*
 * Certificates and encrypted connections, by OpenSSL.
 */
#include <errno.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "tests/sandbox/base.h"
#include "tests/sandbox/tls.h"

static struct bufferevent *connection_new(struct event_base *base, void *data)
{
	SSL *ssl = SSL_new(data);

	if (!ssl)
		die(1, "out of memory");
	return bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static int fail(SSL_CTX *ctx, const char *what, const char *path)
{
	log_line("cannot use the %s \"%s\": %s", what, path, ERR_reason_error_string(ERR_peek_last_error()));
	SSL_CTX_free(ctx);
	return -EINVAL;
}

int tls_enable(struct evhttp *http, const char *cert, const char *key, SSL_CTX **ret)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		die(1, "TLS is not available");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return fail(ctx, "certificate", cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		return fail(ctx, "key", key);
	evhttp_set_bevcb(http, connection_new, ctx);
	*ret = ctx;
	return 0;
}
