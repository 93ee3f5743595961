/*
 * Memory, random numbers, digests and messages to the terminal. Knows nothing of the services.
 */
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "tests/sandbox/base.h"

enum { SALT_BYTES = 16, HASH_BYTES = 32, HASH_ROUNDS = 10000 };

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die(1, "out of memory");
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		die(1, "out of memory");
	return p;
}

char *xstrdup(const char *s)
{
	char *p = s ? strdup(s) : NULL;

	if (s && !p)
		die(1, "out of memory");
	return p;
}

char *xprintf(const char *format, ...)
{
	char *p = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&p, format, ap);
	va_end(ap);
	if (n < 0)
		die(1, "out of memory");
	return p;
}

static void uuid_format(uint8_t b[16], char out[UUID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	char *o = out;

	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*o++ = '-';
		*o++ = hex[b[i] >> 4];
		*o++ = hex[b[i] & 15];
	}
	*o = '\0';
}

void uuid_make(char out[UUID_SIZE])
{
	uint8_t b[16];

	random_bytes(b, sizeof(b));
	uuid_format(b, out);
}

void uuid_from(uint64_t *rng, char out[UUID_SIZE])
{
	uint64_t n[2] = { rng_next(rng), rng_next(rng) };
	uint8_t b[16];

	memcpy(b, n, sizeof(b));
	uuid_format(b, out);
}

bool uuid_is_valid(const char *s)
{
	if (!s || strlen(s) != UUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

static void hex_encode(const uint8_t *data, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
	out[2 * size] = '\0';
}

void digest_hex(const void *data, size_t size, char out[DIGEST_SIZE])
{
	uint8_t sum[HASH_BYTES];

	if (EVP_Digest(data, size, sum, NULL, EVP_sha256(), NULL) != 1)
		die(1, "SHA-256 is not available");
	hex_encode(sum, sizeof(sum), out);
}

static char *password_hash_with(const char *password, const char *salt)
{
	uint8_t sum[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1];

	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const uint8_t *)salt, (int)strlen(salt),
			      HASH_ROUNDS, EVP_sha256(), sizeof(sum), sum) != 1)
		die(1, "PBKDF2 is not available");
	hex_encode(sum, sizeof(sum), hex);
	return xprintf("%s:%s", salt, hex);
}

char *password_hash(const char *password)
{
	uint8_t salt[SALT_BYTES];
	char hex[2 * SALT_BYTES + 1];

	random_bytes(salt, sizeof(salt));
	hex_encode(salt, sizeof(salt), hex);
	return password_hash_with(password, hex);
}

bool password_matches(const char *password, const char *hash)
{
	const char *colon = strchr(hash, ':');
	AUTO_FREE char *salt = NULL, *again = NULL;

	if (!colon)
		return false;
	salt = xprintf("%.*s", (int)(colon - hash), hash);
	again = password_hash_with(password, salt);
	return same_text(again, hash);
}

bool same_text(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

void random_bytes(void *p, size_t size)
{
	if (RAND_bytes(p, (int)size) != 1)
		die(1, "no random numbers from the system");
}

uint64_t rng_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned rng_below(uint64_t *state, unsigned n)
{
	return (unsigned)((rng_next(state) >> 32) * n >> 32);
}

double rng_unit(uint64_t *state)
{
	return (double)(rng_next(state) >> 11) / 9007199254740992.0;
}

uint64_t rng_seed_from(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3;
	return rng_next(&h);
}

void log_line(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("customerclient-sandbox: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void die(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("customerclient-sandbox: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(status);
}
