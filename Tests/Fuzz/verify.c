/* Complete verifications. The input is a script: steps that edit a draft of a code, the request and the clock, and then
 * call the library. The draft is signed for each call, so that the late checks are reached. The model below knows what
 * was signed and which codes were accepted, and gives the exact answer. */
#include "sign.h"

enum { MAX_STEPS = 24, MAX_ACCEPTED = MAX_STEPS };

/* -------------------------------------------------------------------------------------------------------------
 * The script
 * ------------------------------------------------------------------------------------------------------------- */

static const uint8_t *script, *script_end;

static unsigned next(void) { return script < script_end ? *script++ : 0; }
static unsigned next16(void) {
    unsigned high = next();
    return high << 8 | next();
}
static uint32_t next32(void) {
    uint32_t high = next16();
    return high << 16 | next16();
}
static int near(void) { return (int16_t)next16(); }

/* -------------------------------------------------------------------------------------------------------------
 * The draft
 * ------------------------------------------------------------------------------------------------------------- */

static struct draft {
    unsigned char version, algorithm, key_id, credential[70], card_no[255], card_data[255];
    unsigned card_no_count, card_data_count;
    uint32_t generated;
    int issuer_half, rider_half;
    /* The call. */
    int amount, capacity[BUFFERS];
    size_t pos_param_count;
    char pos_param[2048];
    const char *key; /* for verify_qrcode */
    /* One step: the change of the signed code, and the NULL pointers. */
    unsigned flip_at, flip_by, null;
    int cut;
} draft;

static void put(unsigned char *to, uint32_t value, int count) {
    while (count--) *to++ = (unsigned char)(value >> 8 * count);
}

static void set_pos_param(const char *text, size_t count) {
    memcpy(draft.pos_param, text, count);
    draft.pos_param[count] = 0;
    draft.pos_param_count = strlen(draft.pos_param);
}

static void begin_draft(void) {
    static struct draft first;
    if (!first.version) {
        unsigned char head[MAX_CODE];
        bytes_of_hex(SIGNER_HEAD, head, sizeof head);
        memset(&draft, 0, sizeof draft);
        draft.version = 2, draft.algorithm = 1, draft.key_id = 1;
        memcpy(draft.credential, head + 4, sizeof draft.credential);
        memcpy(draft.card_no, "6217000012345678", 16);
        draft.card_no_count = 16;
        draft.generated = NOW;
        draft.amount = 200;
        static const int capacity[BUFFERS] = {17, 3072, 256, 256, 9};
        memcpy(draft.capacity, capacity, sizeof capacity);
        draft.key = ISSUER_1;
        set_pos_param(GOOD_POS_PARAM, strlen(GOOD_POS_PARAM));
        first = draft;
    }
    draft = first;
}

/* The code as it was signed, before the changes after signing. */
static struct code signed_code;

static void sign_draft(void);

static int record_size(long code_size) {
    long counts = code_size + (long)draft.pos_param_count + (long)strlen(get_version());
    return (int)(2 + 2 + 2 + 6 + 6 + 2 + 6 + 34 + counts);
}

static void edit(void) {
    static const char *const types[] = {"\0\0\0\0\0\0\0", "ANT00001", "CITY0001", "CITY0002", "CITY\n001", "ANT0000\0"};
    static const char *const texts[] = {GOOD_POS_PARAM, "", "{}",
        "{\"type\":\"IN\",\"pos_id\":\"1\",\"subject\":\"\",\"record_id\":\"1\"}",
        "{\"record_id\":\"\\u0031\",\"subject\":\"2\",\"pos_id\":\"3\",\"type\":\"OUT\",\"more\":[{}]}",
        "{\"type\":\"in\",\"pos_id\":\"1\",\"subject\":\"2\",\"record_id\":\"3\"}"};
    static const unsigned char ids[] = {1, 9, 7, 2, 255, 0};
    static const char *const keys[] = {ISSUER_1, ISSUER_7, KEY_NOT_ON_CURVE, "02", ISSUER_1 "0", KEY_WITH_X_P};
    static const int least[BUFFERS] = {17, 2048, 17, 65, 9};
    unsigned char *c = draft.credential, some[128];
    unsigned n;
    switch (next() % 25) {
    case 0: put(c + 16, NOW + (uint32_t)near(), 4); break;
    case 1: put(c + 16, next32(), 4); break;
    case 2: put(c + 20, next16(), 2); break;
    case 3: put(c + 22, next16(), 2); break;
    case 4: draft.generated = NOW + (uint32_t)near(); break;
    case 5: draft.generated = next32(); break;
    case 6: memcpy(c + 61, types[next() % COUNT_OF(types)], 8); break;
    case 7: n = next() % 70, c[n] ^= (unsigned char)next(); break;
    case 8:
        draft.card_no_count = next() % 185;
        memset(draft.card_no, (int)(next() % 95 + 32), draft.card_no_count);
        break;
    case 9:
        draft.card_data_count = next() % 185;
        memset(draft.card_data, (int)next(), draft.card_data_count);
        break;
    case 10: draft.key_id = ids[next() % COUNT_OF(ids)]; break;
    case 11: draft.algorithm = (unsigned char)next(); break;
    case 12: draft.issuer_half ^= 1; break;
    case 13: draft.rider_half ^= 1; break;
    case 14: clock_now = (long long)NOW + near(); break;
    case 15: clock_now = (long long)next32() + (int)(next() % 3 - 1) * 0x100000000; break;
    case 16: draft.amount = near(); break;
    case 17: draft.amount = (int)next32(); break;
    case 18: n = next() % COUNT_OF(texts), set_pos_param(texts[n], strlen(texts[n])); break;
    case 19: /* white space at the end, up to and past the limit */
        for (n = next16() % 1100; draft.pos_param_count < n;) draft.pos_param[draft.pos_param_count++] = ' ';
        draft.pos_param[draft.pos_param_count] = 0;
        break;
    case 20:
        n = next() % sizeof some;
        for (unsigned i = 0; i < n; i++) some[i] = (unsigned char)next();
        set_pos_param((char *)some, n);
        break;
    case 21: n = next() % BUFFERS, draft.capacity[n] = least[n] + (int8_t)next(); break;
    case 22: n = next() % BUFFERS, draft.capacity[n] = near(); break;
    case 23: draft.key = keys[next() % COUNT_OF(keys)]; break;
    case 24: /* about the length of the record */
        sign_draft();
        draft.capacity[RECORD] = 2 * record_size((long)signed_code.count) + (int)(next() % 4) - 1;
        break;
    }
}

/* The changes after signing, for one step. */
static void spoil(unsigned kind) {
    draft.flip_at = draft.flip_by = draft.null = 0;
    draft.cut = 0;
    switch (kind) {
    case 1: draft.flip_at = next16(), draft.flip_by = next(); break;
    case 2: draft.cut = (int8_t)next(); break;
    case 3: draft.null = 1u << next() % 10; break;
    }
}

/* -------------------------------------------------------------------------------------------------------------
 * The model: the reference's section 4
 * ------------------------------------------------------------------------------------------------------------- */

static struct {
    int is_initialized, has_slots;
    size_t count;
    struct {
        size_t count;
        unsigned char identity[255 + 4];
    } accepted[MAX_ACCEPTED];
} terminal;

static size_t identity_of(const struct fields *f, unsigned char *identity) {
    memcpy(identity, f->credential, f->credential_count);
    put(identity + f->credential_count, f->generated, 4);
    return f->credential_count + 4;
}

static int is_same(const unsigned char *a, size_t a_count, const unsigned char *b, size_t b_count) {
    return a_count == b_count && memcmp(a, b, a_count) == 0;
}

static int was_accepted(const unsigned char *identity, size_t count) {
    for (size_t i = 0; i < terminal.count; i++)
        if (is_same(terminal.accepted[i].identity, terminal.accepted[i].count, identity, count)) return 1;
    return 0;
}

/* Whether the credential still has the user's key. If it was edited, no signature is valid. */
static int is_riders(const struct fields *f) {
    static unsigned char head[MAX_CODE];
    if (!head[0]) bytes_of_hex(SIGNER_HEAD, head, sizeof head);
    return memcmp(f->credential + 36, head + 4 + 36, 25) == 0;
}

enum action { VERIFY, LEGACY, INFO };

static int model(enum action action, const unsigned char *code, int count, struct fields *f) {
    int has_card = action != LEGACY, has_record = action != INFO;
    static const int least[BUFFERS] = {17, 2048, 17, 65, 9};
    if (has_card && !terminal.is_initialized) return NOT_INITIALIZED;

    unsigned looked_at = NO_REQUEST | NO_RESPONSE | NO_CODE | NO_BUFFER(UID);
    if (has_record) looked_at |= NO_POS_PARAM | NO_BUFFER(RECORD);
    if (has_card) looked_at |= NO_BUFFER(CARD_NO) | NO_BUFFER(CARD_DATA) | NO_BUFFER(CARD_TYPE);
    else looked_at |= NO_KEY;
    if (draft.null & looked_at || count < 1) return ILLEGAL_PARAM;
    if (has_record && draft.amount < 0) return ILLEGAL_PARAM;
    for (int i = 0; i < BUFFERS; i++)
        if ((i == UID || (i == RECORD ? has_record : has_card)) && draft.capacity[i] < least[i]) return ILLEGAL_PARAM;
    if (!has_card && strlen(draft.key) != 66) return ILLEGAL_PARAM;

    struct fields original;
    int parsed = model_parse(code, (size_t)count, f);
    if (parsed != SUCCESS) return parsed;
    const unsigned char *type = f->credential + 61;
    int fits = !has_card ||
        ((int)f->card_no_count < draft.capacity[CARD_NO] && (int)f->card_data_count <= draft.capacity[CARD_DATA]);
    if (action == INFO) return fits ? SUCCESS : ILLEGAL_PARAM;

    if (has_card && type[0] && memcmp(type, "ANT00001", 8) != 0 && memcmp(type, "CITY0001", 8) != 0)
        return CARDTYPE_UNSUPPORTED;
    unsigned char identity[255 + 4];
    size_t identity_count = identity_of(f, identity);
    if (was_accepted(identity, identity_count)) return QRCODE_DUPLICATED;
    int is_issuers = has_card ? code[2] == 1 || code[2] == 9 : strcmp(draft.key, ISSUER_1) == 0;
    if (!is_issuers && (has_card ? code[2] != 7 : strcmp(draft.key, ISSUER_7) != 0)) return ILLEGAL_PARAM;
    if (clock_now < 0 || clock_now > 0xFFFFFFFF) return SYSTEM_ERROR;
    if (clock_now > f->expiry) return QRCODE_KEY_EXPIRED;
    int is_whole = model_parse(signed_code.bytes, signed_code.count, &original) == SUCCESS;
    if (!is_whole || !is_issuers ||
        !is_same(f->credential, f->credential_count, original.credential, original.credential_count) ||
        !is_same(f->issuer_signature, f->issuer_signature_count, original.issuer_signature,
            original.issuer_signature_count))
        return MALFORMED_QRCODE;
    long long age = clock_now - f->generated;
    if (age > (long long)f->window || -age > (long long)f->window) return QRCODE_INFO_EXPIRED;
    if (!is_riders(f) || !is_same(code, f->signed_count, signed_code.bytes, original.signed_count) ||
        !is_same(f->user_signature, f->user_signature_count, original.user_signature, original.user_signature_count))
        return MALFORMED_QRCODE;
    if (model_pos_param((unsigned char *)draft.pos_param, draft.pos_param_count) < 0) return POS_PARAM_ERROR;
    if ((unsigned)draft.amount > f->quota) return QUOTA_EXCEEDED;
    if (!fits || 2 * record_size(count) >= draft.capacity[RECORD]) return ILLEGAL_PARAM;
    if (!terminal.has_slots && allocations_fail) return NO_ENOUGH_MEMORY;
    terminal.has_slots = 1;
    terminal.accepted[terminal.count].count = identity_count;
    memcpy(terminal.accepted[terminal.count++].identity, identity, identity_count);
    return SUCCESS;
}

/* -------------------------------------------------------------------------------------------------------------
 * The calls
 * ------------------------------------------------------------------------------------------------------------- */

static void sign_draft(void) {
    unsigned char *out = signed_code.bytes;
    unsigned number = draft.card_no_count, data = draft.card_data_count;
    if (number + data > 184) data = 184 - number;
    unsigned n = 71 + number + data;
    out[0] = draft.version, out[1] = draft.algorithm, out[2] = draft.key_id, out[3] = (unsigned char)n;
    memcpy(out + 4, draft.credential, 69);
    out[4 + 69] = (unsigned char)number;
    memcpy(out + 4 + 70, draft.card_no, number);
    out[4 + 70 + number] = (unsigned char)data;
    memcpy(out + 4 + 71 + number, draft.card_data, data);
    size_t at = 4 + n;
    out[at] = (unsigned char)sign(BY_ISSUER, out + 4, n, draft.issuer_half, out + at + 1);
    at += 1u + out[at];
    out[at] = 4;
    put(out + at + 1, draft.generated, 4);
    at += 5;
    out[at] = (unsigned char)sign(BY_RIDER, out, at, draft.rider_half, out + at + 1);
    signed_code.count = at + 1u + out[at];
}

/* One output buffer in one response. */
#define GIVE(response, which, field, type)                                                                             \
    ((response).field = (type)output_of(&outputs[which], draft.capacity[which]),                                       \
        (response).field##_len = draft.capacity[which],                                                                \
        (response).field = draft.null & NO_BUFFER(which) ? NULL : (response).field)

static struct output outputs[BUFFERS];

static int call(enum action action, const unsigned char *code, int count, int told[BUFFERS]) {
    const unsigned char *qrcode = draft.null & NO_CODE ? NULL : code;
    const char *pos_param = draft.null & NO_POS_PARAM ? NULL : draft.pos_param;
    int result, is_asked = !(draft.null & NO_REQUEST), is_answered = !(draft.null & NO_RESPONSE);
    memcpy(told, draft.capacity, sizeof draft.capacity);
    if (action == VERIFY) {
        VERIFY_REQUEST_V2 request = {qrcode, count, pos_param, draft.amount};
        VERIFY_RESPONSE_V2 r;
        GIVE(r, UID, uid, char *), GIVE(r, RECORD, record, char *), GIVE(r, CARD_NO, card_no, char *);
        GIVE(r, CARD_DATA, card_data, unsigned char *), GIVE(r, CARD_TYPE, card_type, char *);
        result = verify_qrcode_v2(is_asked ? &request : NULL, is_answered ? &r : NULL);
        told[UID] = r.uid_len, told[RECORD] = r.record_len, told[CARD_NO] = r.card_no_len;
        told[CARD_DATA] = r.card_data_len, told[CARD_TYPE] = r.card_type_len;
    } else if (action == LEGACY) {
        VERIFY_REQUEST request = {qrcode, count, draft.null & NO_KEY ? NULL : draft.key, pos_param, draft.amount};
        VERIFY_RESPONSE r;
        GIVE(r, UID, uid, char *), GIVE(r, RECORD, record, char *);
        result = verify_qrcode(is_asked ? &request : NULL, is_answered ? &r : NULL);
        told[UID] = r.uid_len, told[RECORD] = r.record_len;
    } else {
        INFO_REQUEST request = {qrcode, count};
        INFO_RESPONSE r;
        GIVE(r, UID, uid, char *), GIVE(r, CARD_NO, card_no, char *);
        GIVE(r, CARD_DATA, card_data, unsigned char *), GIVE(r, CARD_TYPE, card_type, char *);
        result = get_qrcode_info(is_asked ? &request : NULL, is_answered ? &r : NULL);
        told[UID] = r.uid_len, told[CARD_NO] = r.card_no_len;
        told[CARD_DATA] = r.card_data_len, told[CARD_TYPE] = r.card_type_len;
    }
    return result;
}

static size_t append(unsigned char *record, size_t at, const void *bytes, size_t count) {
    put(record + at, (uint32_t)count, 2);
    memcpy(record + at + 2, bytes, count);
    return at + 2 + count;
}

static void check_written_record(const unsigned char *code, size_t count) {
    static unsigned char record[2048], number[4], digest[32];
    static char hex[4097];
    size_t at = append(record, 2, code, count);
    at = append(record, at, draft.pos_param, draft.pos_param_count);
    put(number, (uint32_t)draft.amount, 4);
    at = append(record, at, number, 4);
    put(number, (uint32_t)clock_now, 4);
    at = append(record, at, number, 4);
    at = append(record, at, get_version(), strlen(get_version()));
    sha256(DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY), digest);
    at = append(record, at, digest, 4);
    put(record, (uint32_t)(0x3000 | (at + 34 - 2)), 2);
    hmac_sha256(DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY), record, at, digest);
    at = append(record, at, digest, 32);
    for (size_t i = 0; i < at; i++) {
        hex[2 * i] = "0123456789ABCDEF"[record[i] >> 4];
        hex[2 * i + 1] = "0123456789ABCDEF"[record[i] & 15];
    }
    REQUIRE(holds(&outputs[RECORD], hex, 2 * at, 1));
}

static void ask(enum action action) {
    sign_draft();
    int count = (int)signed_code.count + draft.cut, told[BUFFERS];
    size_t there = count > 0 ? (size_t)count : 0;
    unsigned char *code = calloc(there + 1, 1); /* at the end of its memory, but for one byte */
    REQUIRE(code);
    memcpy(code, signed_code.bytes, there < signed_code.count ? there : signed_code.count);
    if (there) code[draft.flip_at % there] ^= (unsigned char)draft.flip_by;
    for (int i = 0; i < BUFFERS; i++) output_of(&outputs[i], draft.capacity[i]);

    struct fields f;
    int expected = model(action, code, count, &f);
    int result = call(action, code, count, told);
    if (result != expected) fprintf(stderr, "action %d: expected %d, actual %d\n", action, expected, result);
    REQUIRE(result == expected);
    if (result != SUCCESS) {
        REQUIRE(memcmp(told, draft.capacity, sizeof told) == 0);
        for (int i = 0; i < BUFFERS; i++) REQUIRE(is_untouched_from(&outputs[i], 0));
        free(code);
        return;
    }
    const unsigned char *type = f.credential + 61;
    size_t type_count = type[0] ? 8 : 0;
    REQUIRE(told[UID] == 16 && holds(&outputs[UID], f.credential, 16, 1));
    if (action != LEGACY) {
        REQUIRE(told[CARD_NO] == (int)f.card_no_count && holds(&outputs[CARD_NO], f.card_no, f.card_no_count, 1));
        REQUIRE(told[CARD_DATA] == (int)f.card_data_count);
        REQUIRE(holds(&outputs[CARD_DATA], f.card_data, f.card_data_count, 0));
        REQUIRE(told[CARD_TYPE] == (int)type_count && holds(&outputs[CARD_TYPE], type, type_count, 1));
    }
    if (action != INFO) {
        check_written_record(code, (size_t)count);
        REQUIRE(told[RECORD] == (int)strlen((char *)outputs[RECORD].area + MARGIN));
    }
    free(code);
}

#define KEYS                                                                                                           \
    "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"},{\"key_id\":9,\"public_key\":\"" ISSUER_1                         \
    "\"},{\"key_id\":7,\"public_key\":\"" ISSUER_7 "\"}]"

static void initialize(void) {
    REQUIRE(init_pos_verify(KEYS, "[\"ANT00001\",\"CITY0001\"]") == (allocations_fail ? NO_ENOUGH_MEMORY : SUCCESS));
    if (!allocations_fail) terminal.is_initialized = terminal.has_slots = 1;
}

static void forget(void) {
    free_pos_verify();
    memset(&terminal, 0, sizeof terminal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script = data, script_end = data + size;
    allocations_fail = 0;
    clock_now = NOW;
    forget();
    begin_draft();
    initialize();
    for (int step = 0; step < MAX_STEPS && script < script_end; step++) {
        /* Three bits: the call; one: whether memory is available; two: the change of the code; two: how much is
         * edited. */
        unsigned head = next();
        allocations_fail = head >> 3 & 1;
        spoil(head >> 4 & 3);
        for (unsigned edits = head >> 6; edits; edits--) edit();
        switch (head & 7) {
        case 4: ask(LEGACY); break;
        case 5: ask(INFO); break;
        case 6: initialize(); break;
        case 7: forget(); break;
        default: ask(VERIFY); break;
        }
    }
    allocations_fail = 0;
    return 0;
}
