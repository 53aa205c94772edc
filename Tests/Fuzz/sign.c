/* ECDSA with a fixed nonce: s = (e + r d) / k modulo n, without a multiplication of points. The constants are those of
 * Harness/make-fixtures.py: issuer 1 with the nonce scalar(K1, "fuzz nonce"), and the user. */
#include "sign.h"

enum { LIMBS = 9 };
typedef struct {
    uint32_t limb[LIMBS];
} number; /* lowest limb first */

struct constants {
    const char *order, *r, *r_times_key, *nonce_inverse;
};

static const struct constants constants[] = {
    {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
        "9330A2DCD302D1DD5C0E41D590E61C85C3316B5C03532598224DADF21A2D81FA",
        "83A487711E58D28E93315691B6B30DFCB750F943A6AAB8C7965F248AEC63F7DF",
        "D94EABA4658F78CF24646A6B08A17B2E3624AA02C454F31A06552D47D91A6351"},
    {SIGNER_ORDER, SIGNER_R, SIGNER_R_TIMES_KEY, SIGNER_NONCE_INVERSE},
};

static number number_of(const unsigned char *bytes, size_t count) {
    number x = {{0}};
    for (size_t i = 0; i < count; i++) x.limb[(count - 1 - i) / 4] |= (uint32_t)bytes[i] << 8 * ((count - 1 - i) % 4);
    return x;
}

static number number_of_hex(const char *hex) {
    unsigned char bytes[32];
    return number_of(bytes, bytes_of_hex(hex, bytes, sizeof bytes));
}

static number subtract(number a, const number *b) {
    int64_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        borrow += (int64_t)a.limb[i] - b->limb[i];
        a.limb[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return a;
}

static number add_modulo(number a, const number *b, const number *n) {
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a.limb[i] + b->limb[i];
        a.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    int top = LIMBS - 1;
    while (top > 0 && a.limb[top] == n->limb[top]) top--;
    return a.limb[top] < n->limb[top] ? a : subtract(a, n);
}

static number multiply_modulo(number a, const number *b, const number *n) {
    number sum = {{0}};
    for (int bit = 255; bit >= 0; bit--) {
        sum = add_modulo(sum, &sum, n);
        if (a.limb[bit / 32] >> bit % 32 & 1) sum = add_modulo(sum, b, n);
    }
    return sum;
}

static size_t write_integer(unsigned char *out, const number *x) {
    unsigned char bytes[33] = {0};
    for (size_t i = 0; i < 32; i++) bytes[32 - i] = (unsigned char)(x->limb[i / 4] >> 8 * (i % 4));
    size_t skip = 0;
    while (skip < 32 && bytes[skip] == 0 && bytes[skip + 1] < 0x80) skip++;
    out[0] = 2;
    out[1] = (unsigned char)(33 - skip);
    memcpy(out + 2, bytes + skip, 33 - skip);
    return 2 + 33 - skip;
}

size_t sign(enum signer signer, const unsigned char *message, size_t count, int other_half, unsigned char *out) {
    static struct {
        int is_read;
        number n, r, rd, inverse;
    } read[2];
    if (!read[signer].is_read) {
        read[signer].is_read = 1;
        read[signer].n = number_of_hex(constants[signer].order);
        read[signer].r = number_of_hex(constants[signer].r);
        read[signer].rd = number_of_hex(constants[signer].r_times_key);
        read[signer].inverse = number_of_hex(constants[signer].nonce_inverse);
    }
    const number n = read[signer].n, r = read[signer].r;
    unsigned char digest[20];
    sha1(message, count, digest);
    number s = multiply_modulo(add_modulo(number_of(digest, 20), &read[signer].rd, &n), &read[signer].inverse, &n);
    if (other_half) s = subtract(n, &s);
    size_t length = 2;
    length += write_integer(out + length, &r);
    length += write_integer(out + length, &s);
    out[0] = 0x30;
    out[1] = (unsigned char)(length - 2);
    return length;
}
