/* Puts curl and OpenSSL, through whose buffers tokens and passwords pass, on the allocator that wipes. */
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "net/http.h"

static void *crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > 0 ? wiping_malloc(n) : NULL;
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return wiping_realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wiping_free(p);
}

int http_global_init(void)
{
	if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
		return -EBUSY;
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc, wiping_strdup,
				 wiping_calloc) != CURLE_OK)
		return -EIO;
	return 0;
}
