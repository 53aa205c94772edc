/*
 * bench: measures the library's speed and compares it with libcrypto and libsecp256k1
 *
 *     bench OUTPUT.json NAME=LIBRARY...
 *
 * All calls use the public interface, and all measurements are in one run. The libraries take turns, one batch each in
 * every round, so that a changing speed of the machine affects all alike. Every iteration has its own code and checks
 * the result. The output has medians over the rounds, and ratios of medians.
 *
 * There are two comparisons. The first verifies both signatures of a code with libcrypto's EC functions, as the
 * vendor's library does. Its curves are set up and the issuer key is read before the measurement, in favour of
 * libcrypto. The second is one verification by libsecp256k1.
 */
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <secp256k1.h>

#include "posoffline.h"

#ifndef ROUNDS
#define ROUNDS 41
#define BATCH 50
#endif

enum { CODES = ROUNDS * BATCH, MAX_LIBRARIES = 4, MAX_ROWS = 64 };

static const char pos_param[] =
    "{\"pos_id\":\"sh001\",\"type\":\"SINGLE\",\"subject\":\"bus192\",\"record_id\":\"000001\"}";

static void fail(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* --- codes ------------------------------------------------------------------------------------------------------ */

struct code {
    unsigned char bytes[256];
    int count;
    int user_signed;                     /* how many bytes the user's signature covers */
    const unsigned char *user_signature; /* inside bytes */
    int user_signature_count;
};

static EC_KEY *issuer, *rider;
static unsigned char issuer_public[33], rider_public[25];
static unsigned char credential[87], issuer_signature[80];
static int issuer_signature_count;

static EC_KEY *make_key(int curve, unsigned char *public_key, size_t count) {
    EC_KEY *key = EC_KEY_new_by_curve_name(curve);
    if (!key || !EC_KEY_generate_key(key)) fail("no key");
    if (EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key), POINT_CONVERSION_COMPRESSED, public_key,
            count, NULL) != count)
        fail("no public key");
    return key;
}

static int sign(EC_KEY *key, const unsigned char *bytes, size_t count, unsigned char *signature) {
    unsigned char digest[20];
    unsigned int signature_count = 0;
    SHA1(bytes, count, digest);
    if (!ECDSA_sign(0, digest, sizeof digest, signature, &signature_count, key)) fail("no signature");
    return (int)signature_count;
}

static void put32(unsigned char *at, unsigned long value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void make_credential(time_t now) {
    memset(credential, 0, sizeof credential);
    memcpy(credential, "2088000000000001", 16);
    put32(credential + 16, (unsigned long)now + 86400 * 30);
    credential[20] = credential[21] = 0xff; /* window: every code below is inside it */
    credential[22] = credential[23] = 0xff; /* quota */
    memcpy(credential + 36, rider_public, 25);
    memcpy(credential + 61, "TEST0001", 8);
    credential[69] = 16;
    memcpy(credential + 70, "2088000000000001", 16);
    issuer_signature_count = sign(issuer, credential, sizeof credential, issuer_signature);
}

static void make_code(struct code *code, time_t generated) {
    unsigned char *at = code->bytes;
    *at++ = 2;
    *at++ = 1;
    *at++ = 7;
    *at++ = sizeof credential;
    memcpy(at, credential, sizeof credential);
    at += sizeof credential;
    *at++ = (unsigned char)issuer_signature_count;
    memcpy(at, issuer_signature, (size_t)issuer_signature_count);
    at += issuer_signature_count;
    *at++ = 4;
    put32(at, (unsigned long)generated);
    at += 4;
    code->user_signed = (int)(at - code->bytes);
    code->user_signature = at + 1;
    code->user_signature_count = sign(rider, code->bytes, (size_t)code->user_signed, at + 1);
    *at++ = (unsigned char)code->user_signature_count;
    at += code->user_signature_count;
    code->count = (int)(at - code->bytes);
}

/* Codes that pass, the same codes with a bad user signature, the same codes cut short, and old codes. */
static struct code good[CODES], forged[CODES], malformed[CODES], expired[CODES];
/* For the runs with two threads, and for the run with one thread. */
static struct code pair[2][CODES], single[CODES];

static void make_codes(time_t now) {
    for (int i = 0; i < CODES; i++) {
        make_code(&good[i], now - 4 * i);
        make_code(&single[i], now - 4 * i - 1);
        make_code(&pair[0][i], now - 4 * i - 2);
        make_code(&pair[1][i], now - 4 * i - 3);
        forged[i] = good[i];
        put32(forged[i].bytes + forged[i].user_signed - 4, (unsigned long)(now - 60000 + i));
        malformed[i] = good[i];
        malformed[i].count -= 1 + i % 100;
        make_code(&expired[i], now - 70000 - i);
    }
}

/* --- libraries -------------------------------------------------------------------------------------------------- */

struct library {
    const char *name;
    __typeof__(&init_pos_verify) init;
    __typeof__(&free_pos_verify) free;
    __typeof__(&verify_qrcode_v2) verify;
    __typeof__(&get_qrcode_info) info;
    __typeof__(&posoffline_set_state_dir) keep_in;
};

static struct library libraries[MAX_LIBRARIES];
static int library_count;

/* Resets the library, so that no code is accepted yet. */
static void initialize(const struct library *library) {
    library->free();
    char keys[160], *at = keys + sprintf(keys, "[{\"key_id\":7,\"public_key\":\"");
    for (int i = 0; i < 33; i++) at += sprintf(at, "%02X", issuer_public[i]);
    strcpy(at, "\"}]");
    if (library->init(keys, "[\"TEST0001\"]") != SUCCESS) fail("init_pos_verify");
}

static void open_library(const char *argument) {
    const char *equals = strchr(argument, '=');
    if (!equals || library_count == MAX_LIBRARIES) fail("usage: bench OUTPUT.json NAME=LIBRARY...");
    struct library *library = &libraries[library_count++];
    library->name = strndup(argument, (size_t)(equals - argument));
    void *handle = dlopen(equals + 1, RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail(dlerror());
    *(void **)&library->init = dlsym(handle, "init_pos_verify");
    *(void **)&library->free = dlsym(handle, "free_pos_verify");
    *(void **)&library->verify = dlsym(handle, "verify_qrcode_v2");
    *(void **)&library->info = dlsym(handle, "get_qrcode_info");
    *(void **)&library->keep_in = dlsym(handle, "posoffline_set_state_dir");
    if (!library->keep_in || !library->init || !library->free || !library->verify || !library->info)
        fail("a library lacks a function");
    initialize(library);
}

static int verify(const struct library *library, const struct code *code) {
    char uid[17], record[3072], card_no[17], card_type[9];
    unsigned char card_data[65];
    VERIFY_REQUEST_V2 request = {code->bytes, code->count, pos_param, 200};
    VERIFY_RESPONSE_V2 response = {uid, sizeof uid, record, sizeof record, card_no, sizeof card_no, card_data,
        sizeof card_data, card_type, sizeof card_type};
    return library->verify(&request, &response);
}

static int read_info(const struct library *library, const struct code *code) {
    char uid[17], card_no[17], card_type[9];
    unsigned char card_data[65];
    INFO_REQUEST request = {code->bytes, code->count};
    INFO_RESPONSE response = {uid, sizeof uid, card_no, sizeof card_no, card_data, sizeof card_data, card_type,
        sizeof card_type};
    return library->info(&request, &response);
}

/* Verifies both signatures of a code with libcrypto. */
static int verify_with_libcrypto(const struct code *code) {
    unsigned char digest[20];
    SHA1(credential, sizeof credential, digest);
    if (ECDSA_verify(0, digest, sizeof digest, issuer_signature, issuer_signature_count, issuer) != 1) return 0;
    static EC_KEY *key;
    if (!key) key = EC_KEY_new_by_curve_name(NID_secp192k1);
    if (!EC_KEY_oct2key(key, code->bytes + 4 + 36, 25, NULL)) return 0;
    SHA1(code->bytes, (size_t)code->user_signed, digest);
    return ECDSA_verify(0, digest, sizeof digest, code->user_signature, code->user_signature_count, key) == 1;
}

/* Verifies one issuer signature with libsecp256k1. The key and the signature are parsed before. */
static secp256k1_context *secp_context;
static secp256k1_pubkey secp_key;
static secp256k1_ecdsa_signature secp_signatures[BATCH];
static unsigned char secp_messages[BATCH][32];

static void prepare_secp(void) {
    secp_context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (!secp256k1_ec_pubkey_parse(secp_context, &secp_key, issuer_public, sizeof issuer_public)) fail("parse");
    for (int i = 0; i < BATCH; i++) {
        unsigned char signature[80];
        int count = sign(issuer, good[i].bytes, (size_t)good[i].count, signature);
        SHA1(good[i].bytes, (size_t)good[i].count, secp_messages[i] + 12);
        if (!secp256k1_ecdsa_signature_parse_der(secp_context, &secp_signatures[i], signature, (size_t)count))
            fail("parse");
        secp256k1_ecdsa_signature_normalize(secp_context, &secp_signatures[i], &secp_signatures[i]);
    }
}

static int verify_with_secp(int i) {
    return secp256k1_ecdsa_verify(secp_context, &secp_signatures[i], secp_messages[i], &secp_key) == 1;
}

/* --- measuring -------------------------------------------------------------------------------------------------- */

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct row {
    const char *name, *library;
    double micros[ROUNDS];
};

static struct row rows[MAX_ROWS];
static int row_count;

static struct row *row(const char *name, const char *library) {
    for (int i = 0; i < row_count; i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].library, library) == 0) return &rows[i];
    if (row_count == MAX_ROWS) fail("too many rows");
    rows[row_count].name = name;
    rows[row_count].library = library;
    return &rows[row_count++];
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const char *name, const char *library) {
    double sorted[ROUNDS];
    memcpy(sorted, row(name, library)->micros, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, ascending);
    return sorted[ROUNDS / 2];
}

/* The cost of one row minus that of another, as the median over the rounds. */
static double difference(const char *more, const char *less, const char *library) {
    double sorted[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) sorted[i] = row(more, library)->micros[i] - row(less, library)->micros[i];
    qsort(sorted, ROUNDS, sizeof *sorted, ascending);
    return sorted[ROUNDS / 2];
}

#define MEASURE(name, library, round, expression)                                                                      \
    do {                                                                                                               \
        double start = seconds();                                                                                      \
        for (int i = 0; i < BATCH; i++) {                                                                              \
            int at = (round) * BATCH + i;                                                                              \
            (void)at;                                                                                                  \
            if (!(expression)) fail("a wrong verdict in: " name);                                                      \
        }                                                                                                              \
        row(name, library)->micros[round] = (seconds() - start) * 1e6 / BATCH;                                         \
    } while (0)

/* Threads are measured over runs of this many codes. Runs with one thread and with two alternate. */
enum { RUN = 2 * BATCH, RUNS = CODES / RUN, THREAD_ROUNDS = 5 * ROUNDS };

struct work {
    const struct library *library;
    const struct code *codes;
    int processor;
    pthread_barrier_t *barrier;
    double start, end;
};

static void *verify_all(void *argument) {
    struct work *work = argument;
    /* Each thread is bound to a processor, because a run is too short for the scheduler to separate the threads. */
    cpu_set_t processor;
    CPU_ZERO(&processor);
    CPU_SET(work->processor, &processor);
    pthread_setaffinity_np(pthread_self(), sizeof processor, &processor);
    pthread_barrier_wait(work->barrier);
    work->start = seconds();
    for (int i = 0; i < RUN; i++)
        if (work->library ? verify(work->library, &work->codes[i]) != SUCCESS : !verify_with_secp(i % BATCH))
            fail("a wrong verdict in a thread");
    work->end = seconds();
    return NULL;
}

/* Codes a second with the given number of threads. Each thread verifies its own codes. Without a library, libsecp256k1
 * verifies. */
static double rate(const struct library *library, const struct code *const codes[], int threads) {
    pthread_t thread[2];
    struct work work[2];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        work[i] = (struct work){library, codes[i], i, &barrier, 0, 0};
        pthread_create(&thread[i], NULL, verify_all, &work[i]);
    }
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&barrier);
    double start = work[0].start, end = work[0].end;
    for (int i = 1; i < threads; i++) {
        if (work[i].start < start) start = work[i].start;
        if (work[i].end > end) end = work[i].end;
    }
    return threads * RUN / (end - start);
}

/* The speed of two threads divided by that of one. The libraries take turns. The last one is libsecp256k1, whose
 * threads share nothing: its value is the limit of the machine. */
static double gains[MAX_LIBRARIES + 1][THREAD_ROUNDS];

static void run_threads(int round) {
    int run = round % RUNS * RUN;
    const struct code *const one[] = {single + run};
    const struct code *const two[] = {pair[0] + run, pair[1] + run};
    for (int l = 0; l <= library_count; l++) {
        const struct library *library = l < library_count ? &libraries[l] : NULL;
        if (library) initialize(library); /* every code is new again */
        double alone = rate(library, one, 1);
        gains[l][round] = rate(library, two, 2) / alone;
    }
}

static double gain_of_two_threads(int l) {
    qsort(gains[l], THREAD_ROUNDS, sizeof *gains[l], ascending);
    return gains[l][THREAD_ROUNDS / 2];
}

/* --- the journal ------------------------------------------------------------------------------------------------- */

enum { LIVE = 100000, STARTS = 11, RIDES = CODES < 200 ? CODES : 200, ENTRY = 32 };

static uint32_t crc32(const unsigned char *bytes, size_t count) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}

/* Creates a directory beside the output file. Its journal contains 100,000 codes, each inside its window. */
static void make_state(char *directory, time_t now) {
    static unsigned char journal[LIVE * ENTRY];
    char path[300];
    if (!mkdtemp(directory)) fail("cannot make a directory");
    snprintf(path, sizeof path, "%s/replay.journal", directory);
    for (int i = 0; i < LIVE; i++) {
        unsigned char *entry = journal + i * ENTRY;
        memcpy(entry, "PJ\1A", 4);
        for (int j = 4; j < 20; j++) entry[j] = (unsigned char)rand();
        entry[19] |= 1;
        put32(entry + 20, (unsigned long)now);
        put32(entry + 24, (unsigned long)now + 65535);
        put32(entry + 28, crc32(entry, 28));
    }
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(journal, 1, sizeof journal, file) != sizeof journal || fclose(file) != 0)
        fail("cannot write a journal");
}

/* The time of a start with that journal in milliseconds: the complete call of posoffline_set_state_dir. */
static double start_time(const struct library *library, const char *output, time_t now) {
    double sorted[STARTS];
    for (int i = 0; i < STARTS; i++) {
        char directory[256], path[300];
        snprintf(directory, sizeof directory, "%s.state-XXXXXX", output);
        make_state(directory, now);
        sync();
        library->free();
        double start = seconds();
        if (library->keep_in(directory) != SUCCESS) fail("posoffline_set_state_dir");
        sorted[i] = (seconds() - start) * 1e3;
        initialize(library); /* closes it, and reads it again: it is not empty */
        library->free();
        snprintf(path, sizeof path, "%s/replay.journal", directory);
        remove(path);
        rmdir(directory);
    }
    qsort(sorted, STARTS, sizeof *sorted, ascending);
    return sorted[STARTS / 2];
}

/* The number of bytes written to the disk of a directory since the system started; -1 when the system does not report
 * it. */
static long long written_below(const char *directory) {
    struct stat status;
    char path[64];
    unsigned long long sectors = 0;
    if (stat(directory, &status) != 0) return -1;
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/stat", major(status.st_dev), minor(status.st_dev));
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    int found = fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors);
    fclose(file);
    return found == 1 ? (long long)sectors * 512 : -1;
}

/* Verifies codes with an empty state directory. Returns the median time in microseconds and the bytes written to the
 * disk, for one code. */
static void ride_with_state(const struct library *library, const char *output, double *micros, double *bytes) {
    char directory[256], path[300];
    double sorted[RIDES];
    snprintf(directory, sizeof directory, "%s.state-XXXXXX", output);
    if (!mkdtemp(directory)) fail("cannot make a directory");
    if (library->keep_in(directory) != SUCCESS) fail("posoffline_set_state_dir");
    initialize(library);
    sync();
    long long before = written_below(directory);
    for (int i = 0; i < RIDES; i++) {
        double start = seconds();
        if (verify(library, &good[i]) != SUCCESS) fail("a wrong verdict with a state directory");
        sorted[i] = (seconds() - start) * 1e6;
    }
    long long after = written_below(directory);
    *bytes = before < 0 || after < 0 ? -1 : (double)(after - before) / RIDES;
    qsort(sorted, RIDES, sizeof *sorted, ascending);
    *micros = sorted[RIDES / 2];
    library->free();
    snprintf(path, sizeof path, "%s/replay.journal", directory);
    remove(path);
    rmdir(directory);
}

static void run_round(int round) {
    for (int l = 0; l < library_count; l++) {
        const struct library *library = &libraries[l];
        const char *name = library->name;
        MEASURE("verify", name, round, verify(library, &good[at]) == SUCCESS);
        MEASURE("duplicate", name, round, verify(library, &good[at]) == QRCODE_DUPLICATED);
        MEASURE("malformed", name, round, verify(library, &malformed[at]) == MALFORMED_QRCODE);
        MEASURE("expired", name, round, verify(library, &expired[at]) == QRCODE_INFO_EXPIRED);
        MEASURE("forged", name, round, verify(library, &forged[at]) == MALFORMED_QRCODE);
        MEASURE("info", name, round, read_info(library, &good[at]) == SUCCESS);
    }
    MEASURE("libcrypto, both signatures", "-", round, verify_with_libcrypto(&good[at]));
    MEASURE("libsecp256k1, one signature", "-", round, verify_with_secp(i));
}

/* --- reporting -------------------------------------------------------------------------------------------------- */

static FILE *json;
static const char *separator = "";

static void report(const char *key, const char *library, const char *label, double value, const char *unit) {
    printf("  %-10s %-58s %9.2f %s\n", library, label, value, unit);
    fprintf(json, "%s\n  {\"name\": \"%s\", \"library\": \"%s\", \"value\": %.3f, \"unit\": \"%s\"}", separator, key,
        library, value, unit);
    separator = ",";
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage: bench OUTPUT.json NAME=LIBRARY...");
    time_t now = time(NULL);
    issuer = make_key(NID_secp256k1, issuer_public, sizeof issuer_public);
    rider = make_key(NID_secp192k1, rider_public, sizeof rider_public);
    make_credential(now);
    make_codes(now);
    prepare_secp();
    for (int i = 2; i < argc; i++) open_library(argv[i]);
    for (int round = 0; round < ROUNDS; round++) run_round(round);
    for (int round = 0; round < THREAD_ROUNDS; round++) run_threads(round);

    json = fopen(argv[1], "w");
    if (!json) fail("cannot write the output file");
    fprintf(json, "[");
    printf("Medians of %d rounds of %d codes, in microseconds a code:\n", ROUNDS, BATCH);
    for (int i = 0; i < row_count; i++)
        report(rows[i].name, rows[i].library, rows[i].name, median(rows[i].name, rows[i].library), "us");
    double libcrypto = median("libcrypto, both signatures", "-"), secp = median("libsecp256k1, one signature", "-");
    printf("Ratios:\n");
    for (int l = 0; l < library_count; l++) {
        const char *name = libraries[l].name;
        double verified = median("verify", name);
        report("times faster than libcrypto", name, "verify: times faster than both signatures by libcrypto",
            libcrypto / verified, "x");
        report("times one libsecp256k1", name, "verify: times one bare libsecp256k1 verification", verified / secp,
            "x");
        /* A duplicate fails before both signatures, an expired code after the issuer's, and a forged code after the
         * user's. */
        report("secp256k1, times one libsecp256k1", name, "secp256k1 (expired - duplicate): times libsecp256k1",
            difference("expired", "duplicate", name) / secp, "x");
        report("secp192k1, times one libsecp256k1", name, "secp192k1 (forged - expired): times libsecp256k1",
            difference("forged", "expired", name) / secp, "x");
        report("two threads", name, "verify: rate of two threads over that of one", gain_of_two_threads(l), "x");
    }
    report("two threads", "-", "libsecp256k1: rate of two threads over that of one", gain_of_two_threads(library_count),
        "x");
    printf("With a state directory, on the disk that this runs on:\n");
    for (int l = 0; l < library_count; l++) {
        const char *name = libraries[l].name;
        double micros, bytes;
        report("start with 100,000 codes", name, "start with 100,000 accepted codes in their windows",
            start_time(&libraries[l], argv[1], now), "ms");
        ride_with_state(&libraries[l], argv[1], &micros, &bytes);
        report("verify, journal", name, "verify, written and synced", micros, "us");
        if (bytes >= 0) report("bytes a ride", name, "what a ride makes the disk write", bytes, "bytes");
    }
    fprintf(json, "\n]\n");
    if (fclose(json) != 0) fail("cannot write the output file");
    return 0;
}
