/* SHA-256 from the crypto library, in hex. */
#include <openssl/evp.h>

#include "base/util.h"

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
