/* The library's functions, called with guarded buffers: inputs and outputs end at an inaccessible page, a pattern
 * stands before the outputs, and after a failure everything must be unchanged. */
#include "harness.h"
#include "fixtures.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum kind { VERIFY, LEGACY, INFO };

/* The structures of the functions differ; their members are used alike. */
struct layout {
    size_t request_size, response_size;
    int has_request_text, has_key;
    size_t buffer[BUFFERS], length[BUFFERS]; /* offsets; 0 for none, but uid has offset 0 */
    int has[BUFFERS];
};

#define PLACE(type, which, field)                                                                                      \
    .buffer[which] = offsetof(type, field), .length[which] = offsetof(type, field##_len), .has[which] = 1

static const struct layout layouts[] = {
    [VERIFY] = {sizeof(VERIFY_REQUEST_V2), sizeof(VERIFY_RESPONSE_V2), 1, 0, PLACE(VERIFY_RESPONSE_V2, UID, uid),
        PLACE(VERIFY_RESPONSE_V2, RECORD, record), PLACE(VERIFY_RESPONSE_V2, CARD_NO, card_no),
        PLACE(VERIFY_RESPONSE_V2, CARD_DATA, card_data), PLACE(VERIFY_RESPONSE_V2, CARD_TYPE, card_type)},
    [LEGACY] = {sizeof(VERIFY_REQUEST), sizeof(VERIFY_RESPONSE), 1, 1, PLACE(VERIFY_RESPONSE, UID, uid),
        PLACE(VERIFY_RESPONSE, RECORD, record)},
    [INFO] = {sizeof(INFO_REQUEST), sizeof(INFO_RESPONSE), 0, 0, PLACE(INFO_RESPONSE, UID, uid),
        PLACE(INFO_RESPONSE, CARD_NO, card_no), PLACE(INFO_RESPONSE, CARD_DATA, card_data),
        PLACE(INFO_RESPONSE, CARD_TYPE, card_type)},
};

static struct guard code_guard, text_guard, key_guard, request_guard, response_guard, buffer_guard[BUFFERS];

enum { LARGEST_ROOM = 8192 };

static size_t actual_capacity(int told) { return told < 0 ? 0 : told > LARGEST_ROOM ? LARGEST_ROOM : (size_t)told; }

static int perform(enum kind kind, const struct call *call, struct answer *answer) {
    const struct layout *layout = &layouts[kind];
    unsigned char *buffer[BUFFERS] = {0};
    unsigned char *response = guard_buffer(&response_guard, layout->response_size);
    unsigned char response_before[sizeof(VERIFY_RESPONSE_V2)];
    memset(response, 0x5C, layout->response_size);
    for (int i = 0; i < BUFFERS; i++) {
        if (!layout->has[i]) continue;
        buffer[i] = guard_buffer(&buffer_guard[i], actual_capacity(call->capacity[i]));
        void *pointer = call->null & NO_BUFFER(i) ? NULL : buffer[i];
        memcpy(response + layout->buffer[i], &pointer, sizeof pointer);
        memcpy(response + layout->length[i], &call->capacity[i], sizeof(int));
    }
    memcpy(response_before, response, layout->response_size);

    unsigned char *code = guard_copy(&code_guard, call->code, call->code_count);
    char *text = (char *)guard_copy(&text_guard, call->pos_param, strlen(call->pos_param) + 1);
    char *key = (char *)guard_copy(&key_guard, call->key, strlen(call->key) + 1);
    const unsigned char *given_code = call->null & NO_CODE ? NULL : code;
    const char *given_text = call->null & NO_POS_PARAM ? NULL : text;
    const char *given_key = call->null & NO_KEY ? NULL : key;
    void *request = guard_buffer(&request_guard, layout->request_size);
    memset(request, 0x5C, layout->request_size);
    void *given_request = call->null & NO_REQUEST ? NULL : request;
    void *given_response = call->null & NO_RESPONSE ? NULL : response;
    unsigned char request_before[sizeof(VERIFY_REQUEST)];

    int result = 0;
    if (kind == VERIFY) {
        VERIFY_REQUEST_V2 *r = request;
        r->qrcode = given_code, r->qrcode_len = call->code_len, r->pos_param = given_text,
        r->amount_cent = call->amount;
    } else if (kind == LEGACY) {
        VERIFY_REQUEST *r = request;
        r->qrcode = given_code, r->qrcode_len = call->code_len, r->pos_param = given_text,
        r->amount_cent = call->amount;
        r->master_pub_key = given_key;
    } else {
        INFO_REQUEST *r = request;
        r->qrcode = given_code, r->qrcode_len = call->code_len;
    }
    memcpy(request_before, request, layout->request_size);
    if (kind == VERIFY) result = verify_qrcode_v2(given_request, given_response);
    else if (kind == LEGACY) result = verify_qrcode(given_request, given_response);
    else result = get_qrcode_info(given_request, given_response);

    /* The library must not change the request. */
    CHECK_BYTES(request_before, request, layout->request_size);
    CHECK(guard_front_is_untouched(&request_guard, layout->request_size));
    CHECK(call->code_count == 0 || memcmp(code, call->code, call->code_count) == 0);
    CHECK(guard_front_is_untouched(&response_guard, layout->response_size));

    if (result != SUCCESS) {
        CHECK(result >= QRCODE_DUPLICATED && result < 0);
        CHECK_BYTES(response_before, response, layout->response_size);
        for (int i = 0; i < BUFFERS; i++) CHECK(!layout->has[i] || guard_front_is_untouched(&buffer_guard[i], 0));
        return result;
    }
    memset(answer, 0, sizeof *answer);
    for (int i = 0; i < BUFFERS; i++) {
        if (!layout->has[i]) continue;
        void *pointer;
        memcpy(&pointer, response + layout->buffer[i], sizeof pointer);
        CHECK(pointer == buffer[i]);
        memcpy(&answer->len[i], response + layout->length[i], sizeof(int));
        size_t capacity = actual_capacity(call->capacity[i]);
        CHECK(guard_front_is_untouched(&buffer_guard[i], capacity));
        int len = answer->len[i], is_text = i != CARD_DATA;
        CHECK(len >= 0 && (size_t)len + (size_t)is_text <= capacity && len < 4096);
        if (len < 0 || (size_t)len + (size_t)is_text > capacity || len >= 4096) continue;
        memcpy(answer->value[i], buffer[i], (size_t)len + (size_t)is_text);
        if (is_text) CHECK_INT(len, (long long)strlen((char *)answer->value[i]));
    }
    return result;
}

int call_verify(const struct call *call, struct answer *answer) { return perform(VERIFY, call, answer); }
int call_legacy(const struct call *call, struct answer *answer) { return perform(LEGACY, call, answer); }
int call_info(const struct call *call, struct answer *answer) { return perform(INFO, call, answer); }

struct call call_with(const struct code *code) {
    return (struct call){.code = code->bytes,
        .code_count = code->count,
        .code_len = (int)code->count,
        .pos_param = GOOD_POS_PARAM,
        .key = ISSUER_1,
        .amount = 200,
        .capacity = {17, 3072, 256, 256, 9}};
}

static struct answer last;

int verify(const struct code *code) {
    struct call call = call_with(code);
    return call_verify(&call, &last);
}

int legacy(const struct code *code) {
    struct call call = call_with(code);
    return call_legacy(&call, &last);
}

int info(const struct code *code) {
    struct call call = call_with(code);
    return call_info(&call, &last);
}

int verify_named(const char *fixture) {
    struct code code = fixture_code(fixture);
    set_context("%s", fixture);
    return verify(&code);
}

int init(const char *key_list, const char *card_types) {
    static struct guard keys, types;
    char *k = key_list ? (char *)guard_copy(&keys, key_list, strlen(key_list) + 1) : NULL;
    char *t = card_types ? (char *)guard_copy(&types, card_types, strlen(card_types) + 1) : NULL;
    return init_pos_verify(k, t);
}

void start_terminal(void) {
    allow_allocations();
    free_pos_verify();
    set_clock(NOW);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
}

/* Reads a field of a record: two bytes of length, which must be `count`, and the bytes. */
static const unsigned char *field(const unsigned char **at, const unsigned char *end, size_t count) {
    const unsigned char *start = *at + 2;
    if (end - *at < 2 || (size_t)(*at)[0] * 256 + (*at)[1] != count || (size_t)(end - start) < count) {
        CHECK(!"a field of the record has the right length");
        return NULL;
    }
    *at = start + count;
    return start;
}

static uint32_t number(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void check_record(const struct answer *answer, const struct call *call, uint32_t now, const void *key,
    size_t key_count) {
    const char *hex = (const char *)answer->value[RECORD];
    size_t digits = strlen(hex);
    CHECK_INT(answer->len[RECORD], (long long)digits);
    CHECK(digits % 2 == 0 && digits < 4096);
    CHECK_INT((long long)digits, (long long)strspn(hex, "0123456789ABCDEF"));
    if (digits % 2 || digits >= 4096) return;
    unsigned char record[2048];
    const unsigned char *end = record + bytes_of_hex(hex, record, sizeof record), *at = record + 2, *p;
    CHECK(end - record > 2);
    CHECK_INT(3, record[0] >> 4);
    CHECK_INT((record[0] & 0xF) * 256 + record[1], end - record - 2);
    if (!(p = field(&at, end, call->code_count))) return;
    CHECK_BYTES(call->code, p, call->code_count);
    if (!(p = field(&at, end, strlen(call->pos_param)))) return;
    CHECK_BYTES(call->pos_param, p, strlen(call->pos_param));
    if (!(p = field(&at, end, 4))) return;
    CHECK_INT(call->amount, number(p));
    if (!(p = field(&at, end, 4))) return;
    CHECK_INT(now, number(p));
    if (!(p = field(&at, end, strlen(get_version())))) return;
    CHECK_BYTES(get_version(), p, strlen(get_version()));
    unsigned char digest[32];
    sha256(key, key_count, digest);
    if (!(p = field(&at, end, 4))) return;
    CHECK_BYTES(digest, p, 4);
    hmac_sha256(key, key_count, record, (size_t)(at - record), digest);
    if (!(p = field(&at, end, 32))) return;
    CHECK_BYTES(digest, p, 32);
    CHECK(at == end);
}
