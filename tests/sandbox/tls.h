/*
 * TLS for the HTTP server.
 */
#pragma once

#include <event2/http.h>
#include <openssl/ssl.h>

/* Lets a server speak TLS with a PEM certificate chain and key. -EINVAL with a sentence on stderr. */
int tls_enable(struct evhttp *http, const char *cert, const char *key, SSL_CTX **ret);
