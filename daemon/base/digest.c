/* SHA-256 from the crypto library, in hex and as UUID: apart from the rest, as not every program has that library. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "base/uuid.h"

int sha256_hex(const void *data, size_t n, char ret[static SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (EVP_Digest(data, n, digest, &length, EVP_sha256(), NULL) != 1)
		return -EIO;
	for (unsigned i = 0; i < length; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[SHA256_HEX_SIZE - 1] = '\0';
	return 0;
}

int uuid_from_text(const char *text, char ret[static UUID_SIZE])
{
	char hex[SHA256_HEX_SIZE];
	int r;

	r = sha256_hex(text, strlen(text), hex);
	if (r < 0)
		return r;
	hex[12] = '8'; /* version */
	hex[16] = '8'; /* variant */
	(void)snprintf(ret, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return 0;
}
