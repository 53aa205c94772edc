/* A code from the camera: get_qrcode_info and get_key_id against the model, and the parser against its input. */
#include "fuzz.h"

static struct output uid, card_no, card_data, card_type;

static void ask(const uint8_t *data, size_t size, const struct fields *f, int expected, int small) {
    INFO_REQUEST request = {data, (int)size};
    INFO_RESPONSE response, before;
    memset(&response, 0, sizeof response);
    response.uid_len = 17, response.card_no_len = small ? 17 : 256, response.card_data_len = small ? 65 : 256,
    response.card_type_len = 9;
    response.uid = (char *)output_of(&uid, response.uid_len);
    response.card_no = (char *)output_of(&card_no, response.card_no_len);
    response.card_data = output_of(&card_data, response.card_data_len);
    response.card_type = (char *)output_of(&card_type, response.card_type_len);
    before = response;
    if (expected == SUCCESS && small && (f->card_no_count > 16 || f->card_data_count > 65)) expected = ILLEGAL_PARAM;
    if (size == 0) expected = ILLEGAL_PARAM;
    REQUIRE(get_qrcode_info(&request, &response) == expected);
    if (expected != SUCCESS) {
        REQUIRE(memcmp(&before, &response, sizeof response) == 0);
        REQUIRE(is_untouched_from(&uid, 0) && is_untouched_from(&card_no, 0));
        REQUIRE(is_untouched_from(&card_data, 0) && is_untouched_from(&card_type, 0));
        return;
    }
    const unsigned char *type = f->credential + 61;
    size_t type_count = type[0] == 0 ? 0 : 8;
    REQUIRE(response.uid_len == 16 && holds(&uid, f->credential, 16, 1));
    REQUIRE(response.card_no_len == (int)f->card_no_count && holds(&card_no, f->card_no, f->card_no_count, 1));
    REQUIRE(response.card_data_len == (int)f->card_data_count);
    REQUIRE(holds(&card_data, f->card_data, f->card_data_count, 0));
    REQUIRE(response.card_type_len == (int)type_count && holds(&card_type, type, type_count, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int is_ready;
    if (!is_ready) REQUIRE(init_pos_verify(KEY_LIST, CARD_TYPES) == SUCCESS);
    is_ready = 1;

    struct fields f;
    int expected = model_parse(data, size, &f);
    ask(data, size, &f, expected, 0);
    ask(data, size, &f, expected, 1);
    if (size >= 3) REQUIRE(get_key_id(data) == (data[0] == 2 ? data[2] : PROTO_UNSUPPORTED));

    unsigned char again[1024];
    long count = fuzz_rewrite_code(data, (long)size, again);
    REQUIRE(expected == SUCCESS ? count == (long)size && memcmp(again, data, size) == 0 : count == expected);
    return 0;
}

/* A mutation that keeps the lengths consistent: a field gets another length, and its containers the lengths that
 * follow. Random changes of bytes rarely do that. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static size_t put_field(uint8_t *to, const unsigned char *from, size_t from_count, size_t count, int pad) {
    to[0] = (uint8_t)count;
    memset(to + 1, pad, count);
    memcpy(to + 1, from, from_count < count ? from_count : count);
    return 1 + count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    struct fields f;
    uint8_t made[1024];
    if (seed % 2 || max_size < 776 || model_parse(data, size, &f) != SUCCESS)
        return LLVMFuzzerMutate(data, size, max_size);
    size_t counts[] = {f.card_no_count, f.card_data_count, f.issuer_signature_count, f.user_signature_count};
    static const uint8_t likely[] = {0, 1, 15, 16, 17, 63, 64, 65, 66, 70, 72, 127, 128, 184, 254, 255};
    unsigned which = seed / 2 % 4, way = seed / 8 % 4;
    counts[which] = way == 0 ? counts[which] + 1
        : way == 1           ? counts[which] - 1
        : way == 2           ? likely[seed / 32 % 16]
                             : seed / 32 % 256;
    for (int i = 0; i < 4; i++) counts[i] &= 255;
    if (counts[0] > 184) counts[0] = 184;
    if (counts[0] + counts[1] > 184) counts[which == 0 ? 1 : 0] = 0;
    if (counts[1] > 184) counts[1] = 184;
    memcpy(made, data, 4 + 69);
    size_t at = 4 + 69;
    at += put_field(made + at, f.card_no, f.card_no_count, counts[0], '0');
    at += put_field(made + at, f.card_data, f.card_data_count, counts[1], 0);
    made[3] = (uint8_t)(at - 4);
    at += put_field(made + at, f.issuer_signature, f.issuer_signature_count, counts[2], 0);
    memcpy(made + at, f.issuer_signature + f.issuer_signature_count, 5);
    at += 5;
    at += put_field(made + at, f.user_signature, f.user_signature_count, counts[3], 0);
    memcpy(data, made, at);
    return at;
}
