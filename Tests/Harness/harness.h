/* harness.h: what every test program uses. It depends on libc and the library's two headers only. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include "posoffline.h"

/* ------------------------------------------------------------------------------------------------------------------
 * Tests (framework.c)
 * ------------------------------------------------------------------------------------------------------------------ */

struct test {
    const char *name; /* a sentence that the test checks */
    void (*run)(void);
};

/* Each file's tests; the last one has no name. */
extern const struct test layout_tests[], buffer_tests[], code_tests[], mutation_tests[], order_tests[], fault_tests[],
    replay_tests[], legacy_tests[], json_tests[], pos_param_tests[], record_tests[], thread_tests[], no_output_tests[];

/* Describes the current case in messages of failures, until the next call or test. */
void set_context(const char *format, ...) __attribute__((format(printf, 1, 2)));

void check(int holds, const char *what, const char *file, int line);
void check_int(long long expected, long long actual, const char *what, const char *file, int line);
void check_text(const char *expected, const char *actual, const char *what, const char *file, int line);
void check_bytes(const void *expected, const void *actual, size_t count, const char *what, const char *file, int line);

#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_INT(expected, actual) check_int((expected), (actual), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(expected, actual) check_text((expected), (actual), #actual, __FILE__, __LINE__)
#define CHECK_BYTES(expected, actual, count) check_bytes((expected), (actual), (count), #actual, __FILE__, __LINE__)

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Runs the tests that the arguments name; returns the exit status. Calls `prepare` before each test unless NULL. */
int run_tests(int argc, char **argv, const struct test *const lists[], void (*prepare)(void));

/* ------------------------------------------------------------------------------------------------------------------
 * Clock, heap and lock of the library under test (system.c)
 * ------------------------------------------------------------------------------------------------------------------ */

/* time() returns this from now on. */
void set_clock(long long now);

/* Whether time_t has times after 2038. */
#define WIDE_CLOCK (sizeof(time_t) > 4)

/* The allocation with this number from now, beginning at 1, fails. With `and_later` all later ones fail too. */
void fail_allocation(long number, int and_later);
/* Allocations of at least so many bytes fail. */
void fail_allocations_from(size_t size);
/* Allocations of at least so many bytes take ten milliseconds. */
void slow_allocations_from(size_t size);
/* All allocations succeed again. Returns how many were made since the last fail_allocation. */
long allow_allocations(void);
/* What is allocated and not freed. */
long live_blocks(void);
long live_bytes(void);
/* Makes the allocation of the page that detects a fork fail or succeed; how often it was requested since the last
 * call. */
void fail_pages(int fail);
long pages_asked_for(void);
/* Moves inode numbers to the upper 32 bits: all files have the same lower half. */
void long_inodes(int are_long);
/* Open descriptors, plus a constant; resident memory of the process. */
int open_files(void);
long resident_kilobytes(void);
/* Calls `action` before the lock is taken for the time with this number from now, beginning at 1. */
void at_lock(long number, void (*action)(void));
/* Whether `action` was called. Cancels it if not. */
int lock_was_reached(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Buffers that end at an inaccessible page (guard.c)
 * ------------------------------------------------------------------------------------------------------------------ */

struct guard {
    unsigned char *base;
    size_t size;
};

#define PATTERN 0xA5

/* The last `count` bytes before the inaccessible page; all bytes before them are PATTERN. */
unsigned char *guard_buffer(struct guard *guard, size_t count);
/* A copy of bytes that ends at the inaccessible page. */
unsigned char *guard_copy(struct guard *guard, const void *bytes, size_t count);
/* Whether all bytes before the last `count` are still PATTERN. */
int guard_front_is_untouched(const struct guard *guard, size_t count);

/* ------------------------------------------------------------------------------------------------------------------
 * Codes (fixtures.h, model.c)
 * ------------------------------------------------------------------------------------------------------------------ */

#define MAX_CODE 1600

struct code {
    size_t count;
    unsigned char bytes[MAX_CODE];
};

/* A code of fixtures.h by name; aborts when there is none. */
struct code fixture_code(const char *name);
struct code code_of_hex(const char *hex);
size_t bytes_of_hex(const char *hex, unsigned char *bytes, size_t capacity);

/* A new code with a valid signature; the window is 65535 or 60 seconds. */
struct code sign_code(uint32_t generated, int window);

/* Where the fields of a code are. */
struct fields {
    const unsigned char *credential, *card_no, *card_data, *issuer_signature, *user_signature;
    size_t credential_count, card_no_count, card_data_count, issuer_signature_count, user_signature_count;
    size_t signed_count; /* by the user */
    uint32_t expiry, generated;
    unsigned window, quota;
};

/* SUCCESS, MALFORMED_QRCODE or PROTO_UNSUPPORTED, by the reference's section 2. */
int model_parse(const unsigned char *code, size_t count, struct fields *fields);

void sha1(const void *bytes, size_t count, unsigned char digest[20]);
void sha256(const void *bytes, size_t count, unsigned char digest[32]);
void hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, unsigned char mac[32]);
uint32_t crc32(const void *bytes, size_t count);

/* Big-endian. */
uint32_t get32(const unsigned char *at);
void put32(unsigned char *at, uint32_t value);

/* The journal entry of an accepted code, as docs/journal.md specifies it. */
void journal_entry(const struct code *code, unsigned char entry[32]);

/* ------------------------------------------------------------------------------------------------------------------
 * Calls (calls.c). Every call uses guarded memory. A call that fails must not have written anything.
 * ------------------------------------------------------------------------------------------------------------------ */

#define GOOD_POS_PARAM                                                                                                 \
    "{\"pos_id\":\"20170000000001\",\"type\":\"SINGLE\",\"subject\":\"line 1\",\"record_id\":\"sh001_1\"}"

enum { UID, RECORD, CARD_NO, CARD_DATA, CARD_TYPE, BUFFERS };

#define NO_BUFFER(which) (1u << (which))
#define NO_REQUEST (1u << 5)
#define NO_RESPONSE (1u << 6)
#define NO_CODE (1u << 7)
#define NO_POS_PARAM (1u << 8)
#define NO_KEY (1u << 9)

/* The arguments of one call. Start with call_with and change what the test needs. */
struct call {
    const unsigned char *code;
    size_t code_count; /* bytes that exist */
    int code_len;      /* what the library is told */
    const char *pos_param;
    const char *key; /* for verify_qrcode */
    int amount;
    int capacity[BUFFERS];
    unsigned null; /* which pointers are NULL */
};

/* The outputs; a text has its NUL. */
struct answer {
    int len[BUFFERS];
    unsigned char value[BUFFERS][4096];
};

struct call call_with(const struct code *code);
int call_verify(const struct call *call, struct answer *answer);
int call_legacy(const struct call *call, struct answer *answer);
int call_info(const struct call *call, struct answer *answer);

/* The same with the default arguments. */
int verify(const struct code *code);
int legacy(const struct code *code);
int info(const struct code *code);
int verify_named(const char *fixture);

/* init_pos_verify with both texts in guarded memory. */
int init(const char *key_list, const char *card_types);
/* Frees everything, sets the clock to NOW and initialises with the lists of fixtures.h. */
void start_terminal(void);

/* Checks a record against section 6. */
void check_record(const struct answer *answer, const struct call *call, uint32_t now, const void *key,
    size_t key_count);

#define DEVELOPMENT_KEY "posoffline development key"

#endif
