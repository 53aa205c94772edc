/* The EC_KEY functions are deprecated in OpenSSL 3. They are used because they take digests of any length. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "oracle.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct oracle {
    int bytes;
    EC_KEY *key;
    EC_POINT *point;
    EC_POINT *sum;
    BIGNUM *g;
    BIGNUM *k;
    BN_CTX *context;
};

oracle *oracle_new(int bits) {
    oracle *o = calloc(1, sizeof *o);
    if (o == NULL) return NULL;
    o->bytes = bits / 8;
    o->key = EC_KEY_new_by_curve_name(bits == 192 ? NID_secp192k1 : NID_secp256k1);
    o->context = BN_CTX_new();
    o->g = BN_new();
    o->k = BN_new();
    if (o->key != NULL) {
        o->point = EC_POINT_new(EC_KEY_get0_group(o->key));
        o->sum = EC_POINT_new(EC_KEY_get0_group(o->key));
    }
    if (o->context == NULL || o->g == NULL || o->k == NULL || o->point == NULL || o->sum == NULL) {
        oracle_free(o);
        return NULL;
    }
    return o;
}

void oracle_free(oracle *o) {
    if (o == NULL) return;
    EC_POINT_free(o->point);
    EC_POINT_free(o->sum);
    EC_KEY_free(o->key);
    BN_free(o->g);
    BN_free(o->k);
    BN_CTX_free(o->context);
    free(o);
}

int oracle_verify(oracle *o, const uint8_t *key, size_t key_len, const uint8_t *digest, size_t digest_len,
    const uint8_t *signature, size_t signature_len) {
    const EC_GROUP *group = EC_KEY_get0_group(o->key);
    if (!EC_POINT_oct2point(group, o->point, key, key_len, o->context)) return 0;
    if (EC_POINT_is_at_infinity(group, o->point)) return 0;
    if (!EC_KEY_set_public_key(o->key, o->point)) return 0;
    return ECDSA_verify(0, digest, (int)digest_len, signature, (int)signature_len, o->key) == 1;
}

int oracle_combine(oracle *o, const uint8_t *g, const uint8_t *k, const uint8_t *point, size_t point_len,
    uint8_t *out) {
    const EC_GROUP *group = EC_KEY_get0_group(o->key);
    size_t size = 2 * (size_t)o->bytes + 1;
    return EC_POINT_oct2point(group, o->point, point, point_len, o->context) && BN_bin2bn(g, o->bytes, o->g) != NULL &&
        BN_bin2bn(k, o->bytes, o->k) != NULL && EC_POINT_mul(group, o->sum, o->g, o->point, o->k, o->context) &&
        !EC_POINT_is_at_infinity(group, o->sum) &&
        EC_POINT_point2oct(group, o->sum, POINT_CONVERSION_UNCOMPRESSED, out, size, o->context) == size;
}

void oracle_sha1(const uint8_t *message, size_t length, uint8_t out[20]) { SHA1(message, length, out); }

void oracle_sha256(const uint8_t *message, size_t length, uint8_t out[32]) { SHA256(message, length, out); }

void oracle_hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *message, size_t length, uint8_t out[32]) {
    unsigned size = 32;
    HMAC(EVP_sha256(), key, (int)key_len, message, length, out, &size);
}
