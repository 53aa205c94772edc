/*
 * demo.c: how firmware uses libposoffline.so, from start to finish, in one file
 *
 *     cc demo.c -o demo $(pkg-config --cflags --libs posoffline)
 *
 * A gate does three things: it loads the issuer's keys once (init_pos_verify_demo below), it hands each scanned code
 * to verify_qrcode_v2 (check_qrcode_demo), and it stores the record that it gets. Reading a code without deciding
 * anything is get_qrcode_info (show_qrcode_info_demo). The rest of this file reads the command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pos_crypto.h>
#include <posoffline.h>

/* 主密钥列表: the issuer's keys, which a gate gets from its back office. This list has the published development key, with
 * which `poscode issue` signs by default. Never load it into a gate: anyone can make codes with this key. */
static const char built_in_keys[] =
    "[{\"key_id\":0,\"public_key\":\"026C09E72480DE884715E7456A5321E0F15E3F4A892C38974118A61EFD95422B8B\"}]";

/* 卡类型列表: the card types that this gate accepts. ANT00001 is the plain transit code. */
static const char built_in_card_types[] = "[\"" ANT_BUS_PAY "\",\"S0JP0000\",\"TEST0001\"]";

/* pos_param: describes the gate and the trip. A gate gives every record its own record_id. */
static const char built_in_pos_param[] =
    "{\"pos_id\":\"sh001\",\"type\":\"SINGLE\",\"subject\":\"bus192\",\"record_id\":\"000001\"}";

enum { ACCEPTED = 0, REFUSED = 1, BAD_USAGE = 2, NOT_READY = 3 };

/* Prints a result for the operator's log. */
static void print_result(const char *function, int result) {
    printf("%s: %d, %s\n", function, result, posoffline_strerror(result));
}

/* 离线验证 SDK 初始化. Call it at start, and again for each new key list. */
static int init_pos_verify_demo(const char *key_list, const char *card_type_list) {
    int result = init_pos_verify(key_list, card_type_list);
    print_result("init_pos_verify", result);
    return result;
}

/* Prints the fields of a code that both calls return. */
static void print_card(const char *uid, const char *card_type, const char *card_no, const unsigned char *card_data,
    int card_data_len) {
    printf("  uid        %s\n", uid);
    printf("  card_type  %s\n", card_type[0] ? card_type : "(empty: the plain transit code, " ANT_BUS_PAY ")");
    printf("  card_no    %s\n", card_no[0] ? card_no : "(none)");
    printf("  card_data  ");
    for (int i = 0; i < card_data_len; i++) printf("%02X", card_data[i]);
    printf("%s\n", card_data_len > 0 ? "" : "(none)");
}

/* 获取公交码信息. Checks no signature, no time and no list. Never open a gate on its result. */
static int show_qrcode_info_demo(const unsigned char *qrcode, int qrcode_len) {
    char uid[POSOFFLINE_UID_MIN], card_no[POSOFFLINE_CARD_NO_MIN], card_type[POSOFFLINE_CARD_TYPE_MIN];
    unsigned char card_data[POSOFFLINE_CARD_DATA_MIN];
    INFO_REQUEST request;
    INFO_RESPONSE response;

    request.qrcode = qrcode;
    request.qrcode_len = qrcode_len;

    /* Each length is the size of its buffer. Set the lengths before each call, because a successful call overwrites
     * them. */
    response.uid = uid;
    response.uid_len = sizeof uid;
    response.card_no = card_no;
    response.card_no_len = sizeof card_no;
    response.card_data = card_data;
    response.card_data_len = sizeof card_data;
    response.card_type = card_type;
    response.card_type_len = sizeof card_type;

    int result = get_qrcode_info(&request, &response);
    print_result("get_qrcode_info", result);
    if (result == SUCCESS) print_card(uid, card_type, card_no, card_data, response.card_data_len);
    return result;
}

/* 离线公交码验证. Decides whether the gate opens: the code is genuine, in its window and not used before. */
static int check_qrcode_demo(const unsigned char *qrcode, int qrcode_len, const char *pos_param, int amount_cent) {
    char uid[POSOFFLINE_UID_MIN], card_no[POSOFFLINE_CARD_NO_MIN], card_type[POSOFFLINE_CARD_TYPE_MIN];
    unsigned char card_data[POSOFFLINE_CARD_DATA_MIN];
    char record[POSOFFLINE_RECORD_MAX]; /* holds every record; 2048 is the least that is allowed */
    VERIFY_REQUEST_V2 request;
    VERIFY_RESPONSE_V2 response;

    request.qrcode = qrcode;
    request.qrcode_len = qrcode_len;
    request.pos_param = pos_param;
    request.amount_cent = amount_cent;

    response.uid = uid;
    response.uid_len = sizeof uid;
    response.record = record;
    response.record_len = sizeof record;
    response.card_no = card_no;
    response.card_no_len = sizeof card_no;
    response.card_data = card_data;
    response.card_data_len = sizeof card_data;
    response.card_type = card_type;
    response.card_type_len = sizeof card_type;

    int result = verify_qrcode_v2(&request, &response);
    print_result("verify_qrcode_v2", result);
    printf("  display    %s\n", posoffline_prompt(result));
    if (result == SUCCESS) {
        /* A gate stores the record here so that it survives a power failure, and then opens. */
        print_card(uid, card_type, card_no, card_data, response.card_data_len);
        printf("  record     %d characters\n%s\n", response.record_len, record);
    }
    return result;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: demo [-i] [-k FILE] [-t FILE] [-a CENTS] [-p JSON] [--] CODE...\n"
    "\n"
    "Presents codes to a gate, one after the other. The gate remembers: the same code twice is a duplicate.\n"
    "\n"
    "  CODE      a code in hex, or - to read one from standard input, in hex or as raw bytes\n"
    "  -i        only read the code, decide nothing\n"
    "  -k FILE   the issuer's key list, JSON (default: the published development key)\n"
    "  -t FILE   the card types that the gate serves, JSON (default: ANT00001, S0JP0000, TEST0001)\n"
    "  -a CENTS  the fare in cents (default: 200; 0: not known yet)\n"
    "  -p JSON   pos_param (default: a single trip on bus 192)\n"
    "\n"
    "exit status: 0 every code was accepted, 1 a code was refused, 2 bad usage or unreadable input, 3 the gate could\n"
    "not be initialised\n";

static int complain(const char *what, const char *which) {
    fprintf(stderr, "demo: %s: %s\n%s", which, what, usage);
    return BAD_USAGE;
}

/* Reads all of a stream into a buffer of the given size and ends it with a NUL; -1 if it cannot be read or fit. */
static long read_all(FILE *stream, char *buffer, size_t size) {
    size_t count = fread(buffer, 1, size, stream);
    if (ferror(stream) || count == size) return -1;
    buffer[count] = '\0';
    return (long)count;
}

static int read_file(const char *path, char *buffer, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    long count = read_all(file, buffer, size);
    fclose(file);
    return count >= 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Decodes hex with optional white space around it. Returns the number of bytes; -1 if it is not hex or too long. */
static int decode_hex(const char *text, unsigned char *bytes, int size) {
    int count = 0;
    text += strspn(text, " \t\r\n");
    while (hex_digit(text[0]) >= 0 && hex_digit(text[1]) >= 0) {
        if (count == size) return -1;
        bytes[count++] = (unsigned char)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
        text += 2;
    }
    return text[strspn(text, " \t\r\n")] == '\0' ? count : -1;
}

/* Reads a code from an argument or from standard input. Raw bytes begin with the protocol version, which is not a hex
 * digit, so they are distinct from hex. */
static int read_code(const char *argument, unsigned char *code, int size) {
    static char input[4096];
    if (strcmp(argument, "-") != 0) return decode_hex(argument, code, size);
    long count = read_all(stdin, input, sizeof input);
    if (count <= 0) return -1;
    int from_hex = (long)strlen(input) == count ? decode_hex(input, code, size) : -1;
    if (from_hex >= 0) return from_hex;
    if (count > size || strchr("0123456789abcdefABCDEF \t\r\n", input[0])) return -1;
    memcpy(code, input, (size_t)count);
    return (int)count;
}

int main(int argc, char **argv) {
    static char keys[65536], card_types[65536];
    const char *key_list = built_in_keys, *card_type_list = built_in_card_types, *pos_param = built_in_pos_param;
    int amount_cent = 200, only_info = 0, at = 1;

    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        const char *option = argv[at];
        if (strcmp(option, "--") == 0) {
            at++;
            break;
        }
        if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0) {
            fputs(usage, stdout);
            return ACCEPTED;
        }
        if (strcmp(option, "-i") == 0) {
            only_info = 1;
            continue;
        }
        const char *value = at + 1 < argc ? argv[++at] : NULL;
        if (!value) return complain("unknown option, or its value is missing", option);
        if (strcmp(option, "-k") == 0) {
            if (!read_file(value, keys, sizeof keys)) return complain("cannot read this file", value);
            key_list = keys;
        } else if (strcmp(option, "-t") == 0) {
            if (!read_file(value, card_types, sizeof card_types)) return complain("cannot read this file", value);
            card_type_list = card_types;
        } else if (strcmp(option, "-a") == 0) {
            char *end;
            long cents = strtol(value, &end, 10);
            if (*end != '\0' || end == value || cents < 0 || cents > 1000000) return complain("not an amount", value);
            amount_cent = (int)cents;
        } else if (strcmp(option, "-p") == 0) {
            pos_param = value;
        } else {
            return complain("unknown option", option);
        }
    }
    if (at == argc) return complain("no code given", "CODE");

    if (init_pos_verify_demo(key_list, card_type_list) != SUCCESS) return NOT_READY;
    int status = ACCEPTED;
    for (; at < argc; at++) {
        unsigned char code[2048];
        int code_len = read_code(argv[at], code, sizeof code);
        if (code_len < 0) return complain("neither hex nor a code", argv[at]);
        int result = only_info ? show_qrcode_info_demo(code, code_len)
                               : check_qrcode_demo(code, code_len, pos_param, amount_cent);
        if (result != SUCCESS) status = REFUSED;
    }
    free_pos_verify();
    return status;
}
