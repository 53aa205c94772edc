/* An independent model: hashes, the format of a code, signing, and journal entries. Written from FIPS 180-4, RFC 2104,
 * SEC 1 and the reference, not from the library. */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t get32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void put32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Hashes: a message is padded into blocks of 64 bytes and fed to one function.
 * ------------------------------------------------------------------------------------------------------------------ */

static uint32_t left(uint32_t x, int n) { return x << n | x >> (32 - n); }
static uint32_t right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void sha1_block(uint32_t h[8], const unsigned char *block) {
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int t = 0; t < 16; t++) w[t] = get32(block + 4 * t);
    for (int t = 16; t < 80; t++) w[t] = left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (int t = 0; t < 80; t++) {
        uint32_t f = t < 20 ? ((b & c) | (~b & d)) + 0x5A827999
            : t < 40        ? (b ^ c ^ d) + 0x6ED9EBA1
            : t < 60        ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                            : (b ^ c ^ d) + 0xCA62C1D6;
        f += left(a, 5) + e + w[t];
        e = d, d = c, c = left(b, 30), b = a, a = f;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static const uint32_t k256[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
    0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70,
    0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256_block(uint32_t h[8], const unsigned char *block) {
    uint32_t w[64], v[8];
    for (int t = 0; t < 16; t++) w[t] = get32(block + 4 * t);
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + w[t - 7] + (right(w[t - 15], 7) ^ right(w[t - 15], 18) ^ w[t - 15] >> 3) +
            (right(w[t - 2], 17) ^ right(w[t - 2], 19) ^ w[t - 2] >> 10);
    memcpy(v, h, sizeof v);
    for (int t = 0; t < 64; t++) {
        uint32_t one = v[7] + (right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
            k256[t] + w[t];
        uint32_t two =
            (right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void hash(void (*feed)(uint32_t *, const unsigned char *), uint32_t h[8], const unsigned char *bytes,
    size_t count, unsigned char *digest, size_t digest_count) {
    unsigned char last[128] = {0};
    size_t whole = count / 64 * 64, rest = count - whole, end = rest < 56 ? 64 : 128;
    for (size_t at = 0; at < whole; at += 64) feed(h, bytes + at);
    memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    for (int i = 0; i < 8; i++) last[end - 1 - (size_t)i] = (unsigned char)((uint64_t)count * 8 >> 8 * i);
    for (size_t at = 0; at < end; at += 64) feed(h, last + at);
    for (size_t i = 0; i < digest_count; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void sha1(const void *bytes, size_t count, unsigned char digest[20]) {
    uint32_t h[8] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    hash(sha1_block, h, bytes, count, digest, 20);
}

void sha256(const void *bytes, size_t count, unsigned char digest[32]) {
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    hash(sha256_block, h, bytes, count, digest, 32);
}

void hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, unsigned char mac[32]) {
    unsigned char inner[64 + 4096], outer[64 + 32];
    if (key_count > 64 || count > 4096) abort(); /* more than any record needs */
    memset(inner, 0x36, 64);
    memset(outer, 0x5c, 64);
    for (size_t i = 0; i < key_count; i++) {
        inner[i] ^= ((const unsigned char *)key)[i];
        outer[i] ^= ((const unsigned char *)key)[i];
    }
    memcpy(inner + 64, bytes, count);
    sha256(inner, 64 + count, outer + 64);
    sha256(outer, sizeof outer, mac);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Codes
 * ------------------------------------------------------------------------------------------------------------------ */

static int is_printable(const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E) return 0;
    return 1;
}

int model_parse(const unsigned char *code, size_t count, struct fields *f) {
    memset(f, 0, sizeof *f);
    if (count < 1) return MALFORMED_QRCODE;
    if (code[0] != 2) return PROTO_UNSUPPORTED;
    if (count < 4) return MALFORMED_QRCODE;
    size_t n = code[3], at = 4;
    if (count < at + n || n < 71) return MALFORMED_QRCODE;
    const unsigned char *c = f->credential = code + at;
    f->credential_count = n;
    f->expiry = get32(c + 16);
    f->window = (unsigned)c[20] << 8 | c[21];
    f->quota = (unsigned)c[22] << 8 | c[23];
    static const unsigned char nuls[8];
    if (!is_printable(c, 16)) return MALFORMED_QRCODE;
    if (!is_printable(c + 61, 8) && memcmp(c + 61, nuls, 8) != 0) return MALFORMED_QRCODE;
    f->card_no = c + 70;
    f->card_no_count = c[69];
    if (70 + f->card_no_count + 1 > n || !is_printable(f->card_no, f->card_no_count)) return MALFORMED_QRCODE;
    f->card_data = f->card_no + f->card_no_count + 1;
    f->card_data_count = f->card_data[-1];
    if (70 + f->card_no_count + 1 + f->card_data_count != n) return MALFORMED_QRCODE;
    at += n;

    if (count < at + 1) return MALFORMED_QRCODE;
    f->issuer_signature_count = code[at];
    f->issuer_signature = code + at + 1;
    at += 1 + f->issuer_signature_count;
    if (count < at + 5 || code[at] != 4) return MALFORMED_QRCODE;
    f->generated = get32(code + at + 1);
    at += 5;
    f->signed_count = at;
    if (count < at + 1) return MALFORMED_QRCODE;
    f->user_signature_count = code[at];
    f->user_signature = code + at + 1;
    return count == at + 1 + f->user_signature_count ? SUCCESS : MALFORMED_QRCODE;
}

size_t bytes_of_hex(const char *hex, unsigned char *bytes, size_t capacity) {
    size_t count = strlen(hex) / 2;
    if (count > capacity) abort();
    for (size_t i = 0; i < count; i++) {
        unsigned value;
        if (sscanf(hex + 2 * i, "%2x", &value) != 1) abort();
        bytes[i] = (unsigned char)value;
    }
    return count;
}

/* Numbers of a little more than 192 bits, lowest limb first: enough to sign with a fixed nonce. */
enum { LIMBS = 7 };
typedef struct {
    uint32_t limb[LIMBS];
} number;

static number number_of(const unsigned char *bytes, size_t count) {
    number x = {{0}};
    for (size_t i = 0; i < count; i++) x.limb[(count - 1 - i) / 4] |= (uint32_t)bytes[i] << 8 * ((count - 1 - i) % 4);
    return x;
}

static number number_of_hex(const char *hex) {
    unsigned char bytes[24];
    return number_of(bytes, bytes_of_hex(hex, bytes, sizeof bytes));
}

static number add_modulo(number a, number b, const number *n) {
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a.limb[i] + b.limb[i];
        a.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    int i = LIMBS - 1;
    while (i > 0 && a.limb[i] == n->limb[i]) i--;
    if (a.limb[i] < n->limb[i]) return a;
    int64_t borrow = 0;
    for (int j = 0; j < LIMBS; j++) {
        borrow += (int64_t)a.limb[j] - n->limb[j];
        a.limb[j] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return a;
}

static number multiply_modulo(number a, number b, const number *n) {
    number sum = {{0}};
    for (int bit = 191; bit >= 0; bit--) {
        sum = add_modulo(sum, sum, n);
        if (a.limb[bit / 32] >> bit % 32 & 1) sum = add_modulo(sum, b, n);
    }
    return sum;
}

static size_t write_integer(unsigned char *out, number x) {
    unsigned char bytes[25] = {0};
    for (size_t i = 0; i < 24; i++) bytes[24 - i] = (unsigned char)(x.limb[i / 4] >> 8 * (i % 4));
    size_t skip = 0;
    while (skip < 24 && bytes[skip] == 0 && bytes[skip + 1] < 0x80) skip++;
    out[0] = 2;
    out[1] = (unsigned char)(25 - skip);
    memcpy(out + 2, bytes + skip, 25 - skip);
    return 2 + 25 - skip;
}

struct code code_of_hex(const char *hex) {
    struct code code;
    code.count = bytes_of_hex(hex, code.bytes, MAX_CODE);
    return code;
}

struct code fixture_code(const char *name) {
    for (size_t i = 0; i < FIXTURE_COUNT; i++)
        if (strcmp(fixtures[i].name, name) == 0) return code_of_hex(fixtures[i].hex);
    printf("conformance: no fixture is called %s\n", name);
    exit(2);
}

struct code sign_code(uint32_t generated, int window) {
    struct code code;
    code.count = bytes_of_hex(window == 60 ? SIGNER_HEAD_60 : SIGNER_HEAD, code.bytes, MAX_CODE);
    put32(code.bytes + code.count, generated);
    code.count += 4;
    unsigned char digest[20];
    sha1(code.bytes, code.count, digest);
    /* s = (e + r d) / k */
    number n = number_of_hex(SIGNER_ORDER);
    number s = add_modulo(number_of(digest, 20), number_of_hex(SIGNER_R_TIMES_KEY), &n);
    s = multiply_modulo(s, number_of_hex(SIGNER_NONCE_INVERSE), &n);
    unsigned char *signature = code.bytes + code.count + 1;
    size_t count = 2;
    count += write_integer(signature + count, number_of_hex(SIGNER_R));
    count += write_integer(signature + count, s);
    signature[0] = 0x30;
    signature[1] = (unsigned char)(count - 2);
    signature[-1] = (unsigned char)count;
    code.count += 1 + count;
    return code;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The journal
 * ------------------------------------------------------------------------------------------------------------------ */

uint32_t crc32(const void *bytes, size_t count) {
    const unsigned char *at = bytes;
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < count; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}

void journal_entry(const struct code *code, unsigned char entry[32]) {
    struct fields fields;
    unsigned char signed_part[300], digest[32];
    if (model_parse(code->bytes, code->count, &fields) != SUCCESS) abort();
    memcpy(signed_part, fields.credential, fields.credential_count);
    put32(signed_part + fields.credential_count, fields.generated);
    sha256(signed_part, fields.credential_count + 4, digest);
    memcpy(entry, "PJ\1A", 4);
    memcpy(entry + 4, digest, 16);
    entry[19] |= 1;
    put32(entry + 20, fields.generated);
    put32(entry + 24, fields.generated + fields.window);
    put32(entry + 28, crc32(entry, 28));
}
