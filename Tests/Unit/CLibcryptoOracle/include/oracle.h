/* libcrypto as an independent oracle. Used by tests only. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* A curve with an order of 192 or 256 bits. NULL on failure. Not thread-safe. */
typedef struct oracle oracle;
oracle *oracle_new(int bits);
void oracle_free(oracle *o);

/* Whether the DER signature is the key's signature of the digest. The key is in any form that libcrypto reads. */
int oracle_verify(oracle *o, const uint8_t *key, size_t key_len, const uint8_t *digest, size_t digest_len,
    const uint8_t *signature, size_t signature_len);

/* out = g * G + k * point, as 04 x y. Scalars are big-endian, bits / 8 bytes. Returns 0 if the sum is infinite, if
 * point is not a point, and on failure. */
int oracle_combine(oracle *o, const uint8_t *g, const uint8_t *k, const uint8_t *point, size_t point_len, uint8_t *out);

void oracle_sha1(const uint8_t *message, size_t length, uint8_t out[20]);
void oracle_sha256(const uint8_t *message, size_t length, uint8_t out[32]);
void oracle_hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *message, size_t length, uint8_t out[32]);

#endif
