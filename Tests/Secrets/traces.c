/* traces LIBRARY NEEDLES KEY_FILE [PART_OF_A_NAME...]: whether the record key leaves traces in memory.
 *
 * Every call into the library runs on a stack of its own. After the call that stack, the registers and all writable
 * memory of the process are searched for the key and for values computed from it. This program itself keeps those
 * inverted. */
#define _GNU_SOURCE
#include "harness.h"
#include "fixtures.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* The library's clock. */
time_t time(time_t *out) {
    if (out) *out = NOW;
    return NOW;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The bytes to search for (needles.py)
 * ------------------------------------------------------------------------------------------------------------------ */

enum { FIRST, SECOND, IN_A_FILE, KEYS };

static struct needle {
    int key;
    char name[24];
    size_t count;
    unsigned char inverted[256];
} needles[128];
static size_t needle_count;

static void read_needles(const char *path) {
    FILE *file = fopen(path, "r");
    char hex[600];
    for (struct needle *needle = needles; file && needle_count < COUNT_OF(needles); needle++, needle_count++) {
        if (fscanf(file, "%d %23s %599s", &needle->key, needle->name, hex) != 3) break;
        needle->count = bytes_of_hex(hex, needle->inverted, sizeof needle->inverted);
    }
    if (!file || needle_count == 0 || needle_count == COUNT_OF(needles) || !feof(file)) {
        printf("traces: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
}

static const struct needle *needle_of(int key, const char *name) {
    for (size_t i = 0; i < needle_count; i++)
        if (needles[i].key == key && strcmp(needles[i].name, name) == 0) return &needles[i];
    abort();
}

/* ------------------------------------------------------------------------------------------------------------------
 * The library, on a stack of its own
 * ------------------------------------------------------------------------------------------------------------------ */

enum { STACK = 256 * 1024 };
static unsigned char *stack;
static ucontext_t here, there;
static void (*called)(void);
static int result;

/* The registers that a call does not have to restore. On other targets the library does not use wide registers. */
#if defined __x86_64__ || defined __aarch64__
#define HAS_WIDE_REGISTERS 1
#else
#define HAS_WIDE_REGISTERS 0
#endif

static struct {
    unsigned char wide[512];
    unsigned long plain[9];
} registers __attribute__((aligned(16)));

static inline __attribute__((always_inline)) void keep_registers(void) {
#if defined __x86_64__
    __asm__ volatile("mov %%rax, 512(%0)\n mov %%rcx, 520(%0)\n mov %%rdx, 528(%0)\n mov %%rsi, 536(%0)\n"
                     "mov %%rdi, 544(%0)\n mov %%r8, 552(%0)\n mov %%r9, 560(%0)\n mov %%r10, 568(%0)\n"
                     "mov %%r11, 576(%0)\n fxsave (%0)" ::"b"(&registers)
        : "memory");
#elif defined __aarch64__
    __asm__ volatile("mov x9, %0\n"
                     "stp q0, q1, [x9], #32\n stp q2, q3, [x9], #32\n stp q4, q5, [x9], #32\n stp q6, q7, [x9], #32\n"
                     "stp q16, q17, [x9], #32\n stp q18, q19, [x9], #32\n stp q20, q21, [x9], #32\n"
                     "stp q22, q23, [x9], #32\n stp q24, q25, [x9], #32\n stp q26, q27, [x9], #32\n"
                     "stp q28, q29, [x9], #32\n stp q30, q31, [x9], #32\n" ::"r"(&registers)
        : "x9", "memory");
#endif
}

static void entry(void) {
    called();
    swapcontext(&there, &here);
}

/* Runs a call on an empty stack. */
static void on_own_stack(void (*call)(void)) {
    memset(stack, 0, STACK);
    memset(&registers, 0, sizeof registers);
    called = call;
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK;
    there.uc_link = NULL;
    makecontext(&there, entry, 0);
    swapcontext(&here, &there);
}

static const char *library_path, *key_file;
static void *library;

/* dlsym returns object pointers; POSIX allows them to be function pointers. */
#define BIND(name) *(void **)&name##_ = dlsym(library, #name)

static int (*init_pos_verify_)(const char *, const char *);
static int (*verify_qrcode_v2_)(VERIFY_REQUEST_V2 *, VERIFY_RESPONSE_V2 *);
static int (*verify_qrcode_)(VERIFY_REQUEST *, VERIFY_RESPONSE *);
static void (*free_pos_verify_)(void);
static int (*posoffline_set_record_key_)(const unsigned char *, int);

static void load(void) {
    library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        printf("traces: %s\n", dlerror());
        exit(2);
    }
    BIND(init_pos_verify);
    BIND(verify_qrcode_v2);
    BIND(verify_qrcode);
    BIND(free_pos_verify);
    BIND(posoffline_set_record_key);
}

static int key_count;

/* The key is in this page during the call, and nowhere afterwards. */
static unsigned char *page;

static void set_key(void) {
    result = posoffline_set_record_key_(page, key_count);
    keep_registers();
}

/* Sets a key with another length than it has. */
static int set_with_length(int key, int count) {
    const struct needle *needle = needle_of(key, "key");
    volatile unsigned char *byte = page;
    for (size_t i = 0; i < needle->count; i++) byte[i] = (unsigned char)~needle->inverted[i];
    key_count = count;
    on_own_stack(set_key);
    for (size_t i = 0; i < needle->count; i++) byte[i] = 0;
    return result;
}

static int set(int key) { return set_with_length(key, (int)needle_of(key, "key")->count); }

static void initialize(void) {
    result = init_pos_verify_(KEY_LIST, CARD_TYPES);
    keep_registers();
}

static int init_lists(void) {
    on_own_stack(initialize);
    return result;
}

static struct code shown;
static const char *pos_param;
static char record[3072];
static int record_room = sizeof record;

static void verify_v2(void) {
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {shown.bytes, (int)shown.count, pos_param, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, record_room, card_no, 64, card_data, 128, card_type, 9};
    result = verify_qrcode_v2_(&request, &response);
    keep_registers();
}

static void verify_old(void) {
    char uid[17];
    VERIFY_REQUEST request = {shown.bytes, (int)shown.count, ISSUER_1, pos_param, 1};
    VERIFY_RESPONSE response = {uid, 17, record, record_room};
    result = verify_qrcode_(&request, &response);
    keep_registers();
}

/* Presents a code that was not presented yet. */
static int call_verify_on_own_stack(void (*verify)(void), const char *param) {
    static uint32_t generated = NOW;
    shown = sign_code(generated--, 65535);
    pos_param = param;
    on_own_stack(verify);
    return result;
}

static void free_all(void) {
    free_pos_verify_();
    keep_registers();
}

static void unload(void) {
    dlclose(library);
    keep_registers();
}

/* ------------------------------------------------------------------------------------------------------------------
 * The search
 * ------------------------------------------------------------------------------------------------------------------ */

static uintptr_t data_start, data_end; /* the library's writable data */

static int find_data(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    if (!strstr(info->dlpi_name, "libposoffline")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_W)) continue;
        data_start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        data_end = data_start + info->dlpi_phdr[i].p_memsz;
    }
    return 0;
}

enum { WORD = 4 };

static unsigned char starts[1 << 16]; /* whether some word of a needle begins with these two bytes */

/* How often each whole key is in the library's data; the number of other matches; the first of those. */
static int in_data[KEYS], traces;
static char trace[200];

static void found(const struct needle *needle, size_t offset, const unsigned char *at, const char *where) {
    if ((uintptr_t)at >= data_start && (uintptr_t)at < data_end && strcmp(needle->name, "key") == 0) {
        if (offset == 0) in_data[needle->key]++;
    } else if (traces++ == 0) {
        snprintf(trace, sizeof trace, "key %d, %s at byte %zu, %s", needle->key, needle->name, offset, where);
    }
}

static int matches(const unsigned char *at, const unsigned char *inverted, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((at[i] ^ inverted[i]) != 0xFF) return 0;
    return 1;
}

/* Part of a 64-bit address, which differs in each run: a single word of it may equal a needle's by chance. */
static int is_in_address(const unsigned char *at) {
    uint64_t value;
    memcpy(&value, (const void *)((uintptr_t)at & ~(uintptr_t)7), sizeof value);
    return sizeof(void *) == 8 && value >> 32 != 0 && value >> 47 == 0;
}

/* Searches for pieces of needles that begin at any of their words. */
static void search(const void *from, const void *to, size_t piece, size_t step, const char *where) {
    for (const unsigned char *at = from; at + piece <= (const unsigned char *)to; at += step) {
        if (!starts[at[0] << 8 | at[1]] || (piece == WORD && is_in_address(at))) continue;
        for (size_t i = 0; i < needle_count; i++)
            for (size_t offset = 0; offset + piece <= needles[i].count; offset += WORD)
                if (matches(at, needles[i].inverted + offset, piece)) found(&needles[i], offset, at, where);
    }
}

static void search_everywhere(void) {
    for (size_t i = 0; i < needle_count; i++)
        for (size_t at = 0; at < needles[i].count; at += WORD)
            starts[(needles[i].inverted[at] ^ 0xFF) << 8 | (needles[i].inverted[at + 1] ^ 0xFF)] = 1;
    data_start = data_end = 0;
    dl_iterate_phdr(find_data, NULL);
    memset(in_data, 0, sizeof in_data);
    traces = 0;

    /* Single words on the call's stack; two words in a row elsewhere, where one may match by chance. */
    search(stack, stack + STACK, WORD, WORD, "on the stack of the call");
    search(&registers, &registers + 1, WORD, WORD, "in a register");
    static char maps[1 << 16];
    size_t length = 0;
    ssize_t got;
    int file = open("/proc/self/maps", O_RDONLY), searched = 0;
    while ((got = read(file, maps + length, sizeof maps - 1 - length)) > 0) length += (size_t)got;
    close(file);
    maps[length] = '\0';
    for (char *line = maps, *next; line && *line; line = next) {
        unsigned long from, to;
        char rights[5], where[100] = "in a mapping without a name";
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %99s", &from, &to, rights, where) < 3) continue;
        if (rights[0] != 'r' || rights[1] != 'w') continue;
        search((const void *)from, (const void *)to, 2 * WORD, 1, where);
        searched++;
    }
    CHECK(searched > 3);
}

/* Checks that the key is once in the library's data, or nowhere (NO_KEY_AT_ALL), and that there is no other trace of a
 * key. */
enum { NO_KEY_AT_ALL = -1 };

static void check_only(int key, const char *when, int line) {
    search_everywhere();
    set_context("%s%s%s", when, traces ? ": " : "", traces ? trace : "");
    check_int(0, traces, "traces", __FILE__, line);
    for (int i = 0; i < KEYS; i++) check_int(i == key, in_data[i], "the key in the library's data", __FILE__, line);
    set_context("%s", "");
}

#define CHECK_ONLY(key, when) check_only((key), (when), __LINE__)

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 * ------------------------------------------------------------------------------------------------------------------ */

static void start(void) {
    load();
    CHECK_INT(SUCCESS, init_lists());
    CHECK_ONLY(NO_KEY_AT_ALL, "at start");
}

static void end(void) {
    on_own_stack(unload);
    CHECK(dlopen(library_path, RTLD_NOW | RTLD_NOLOAD) == NULL);
    CHECK_ONLY(NO_KEY_AT_ALL, "at the end");
}

static void in_one_place(void) {
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    CHECK_ONLY(FIRST, "after it was set");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    CHECK_ONLY(FIRST, "after a verification");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    CHECK_ONLY(FIRST, "after another");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_old, GOOD_POS_PARAM));
    CHECK_ONLY(FIRST, "after verify_qrcode");
    CHECK_INT(SUCCESS, init_lists());
    CHECK_ONLY(FIRST, "after another init_pos_verify");
    end();
}

static void refused(void) {
    static char long_param[900];
    snprintf(long_param, sizeof long_param,
        "{\"pos_id\":\"1\",\"type\":\"IN\",\"subject\":\"%0700d\",\"record_id\":\"1\"}", 0);
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    record_room = 2048;
    CHECK_INT(ILLEGAL_PARAM, call_verify_on_own_stack(verify_v2, long_param));
    CHECK_ONLY(FIRST, "after a record that did not fit");
    record_room = sizeof record;
    CHECK_INT(POS_PARAM_ERROR, call_verify_on_own_stack(verify_v2, "{}"));
    CHECK_ONLY(FIRST, "after a bad pos_param");
    end();
}

static void replaced(void) {
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    CHECK_INT(SUCCESS, set(SECOND));
    CHECK_ONLY(SECOND, "after another was set");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    CHECK_ONLY(SECOND, "after a verification");
    end();
}

static void of_wrong_length(void) {
    start();
    CHECK_INT(SUCCESS, set(SECOND));
    CHECK_INT(ILLEGAL_PARAM, set_with_length(FIRST, 15));
    CHECK_ONLY(SECOND, "after one of 15 bytes");
    CHECK_INT(ILLEGAL_PARAM, set_with_length(FIRST, 65));
    CHECK_ONLY(SECOND, "after one of 65 bytes");
    end();
}

static void freed(void) {
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    on_own_stack(free_all);
    CHECK_ONLY(NO_KEY_AT_ALL, "after free_pos_verify");
    end();
}

static void unloaded(void) {
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    end();
}

static unsigned char alternate_stack[1 << 16];
static volatile sig_atomic_t signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

/* The kernel stores a thread's registers in the frame of a signal handler, on a stack that is not cleared. */
static void among_signals(void) {
    stack_t alternate = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    CHECK_ONLY(FIRST, "after it was set");
    CHECK_INT(0, sigaltstack(&alternate, NULL));
    CHECK_INT(0, sigaction(SIGALRM, &action, NULL));
    signals = 0;
    /* So many signals that some arrive during a signature, on a busy machine too. */
    for (int i = 0; signals < 8000 && i < 20000; i++) {
        traces = 0;
        setitimer(ITIMER_REAL, &often, NULL);
        CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
        setitimer(ITIMER_REAL, &never, NULL);
        search(alternate_stack, alternate_stack + sizeof alternate_stack, 2 * WORD, 1,
            "in the frame of a signal handler");
        set_context("verification %d: %s", i, traces ? trace : "");
        CHECK_INT(0, traces);
        memset(alternate_stack, 0, sizeof alternate_stack);
    }
    set_context("%s", "");
    CHECK(signals >= 8000);
    alternate.ss_flags = SS_DISABLE;
    CHECK_INT(0, sigaltstack(&alternate, NULL));
    signal(SIGALRM, SIG_DFL);
    end();
}

/* Writes the key in hex and some text after it to the file that the environment names. */
static void write_key_file(const char *behind) {
    const struct needle *hex = needle_of(IN_A_FILE, "hex");
    int file = open(getenv("POSOFFLINE_RECORD_KEY_FILE"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < hex->count; i++) {
        *page = (unsigned char)~hex->inverted[i];
        CHECK_INT(1, write(file, page, 1));
    }
    *page = 0;
    CHECK_INT((long long)strlen(behind), write(file, behind, strlen(behind)));
    CHECK_INT(0, close(file));
}

static void in_a_file(void) {
    start();
    setenv("POSOFFLINE_RECORD_KEY_FILE", key_file, 1);
    write_key_file("\n");
    CHECK_INT(SUCCESS, init_lists());
    CHECK_ONLY(IN_A_FILE, "after it was read");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_v2, GOOD_POS_PARAM));
    CHECK_ONLY(IN_A_FILE, "after a verification");
    write_key_file(" and more");
    CHECK_INT(ILLEGAL_PARAM, init_lists());
    CHECK_ONLY(IN_A_FILE, "after a file that was refused");
    on_own_stack(free_all);
    CHECK_ONLY(NO_KEY_AT_ALL, "after free_pos_verify");
    write_key_file("0");
    CHECK_INT(ILLEGAL_PARAM, init_lists());
    CHECK_ONLY(NO_KEY_AT_ALL, "after another file that was refused");
    CHECK_INT(SYSTEM_ERROR, call_verify_on_own_stack(verify_old, GOOD_POS_PARAM));
    CHECK_ONLY(NO_KEY_AT_ALL, "after verify_qrcode has refused it");
    write_key_file("\n");
    CHECK_INT(SUCCESS, call_verify_on_own_stack(verify_old, GOOD_POS_PARAM));
    CHECK_ONLY(IN_A_FILE, "after verify_qrcode has read it");
    CHECK_INT(0, unlink(key_file));
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    end();
}

static void *in_thread(void *unused) {
    (void)unused;
    verify_v2();
    return NULL;
}

static void by_a_thread(void) {
    pthread_t thread;
    start();
    CHECK_INT(SUCCESS, set(FIRST));
    shown = sign_code(NOW - 1000, 65535);
    pos_param = GOOD_POS_PARAM;
    CHECK_INT(0, pthread_create(&thread, NULL, in_thread, NULL));
    CHECK_INT(0, pthread_join(thread, NULL));
    CHECK_INT(SUCCESS, result);
    CHECK_ONLY(FIRST, "after a verification by a thread that has ended");
    end();
}

/* ------------------------------------------------------------------------------------------------------------------
 * The search finds what is there
 * ------------------------------------------------------------------------------------------------------------------ */

static const struct needle *left;

/* Deep on the stack, as a function leaves it that has returned. */
static void leave_on_stack(void) {
    unsigned char room[4096];
    for (size_t i = 0; i < left->count; i++) room[i] = (unsigned char)~left->inverted[i];
    __asm__ volatile("" ::"r"(room) : "memory");
}

/* In a register until the registers are saved. Then cleared, so that the system does not spill it later. */
static void leave_in_register(void) {
    for (int i = 0; i < 16; i++) page[i] = left->inverted[i] ^ 0xFF;
#if defined __x86_64__
    __asm__ volatile("movups (%0), %%xmm9" ::"r"(page) : "xmm9");
    keep_registers();
    __asm__ volatile("xorps %%xmm9, %%xmm9" ::: "xmm9");
#elif defined __aarch64__
    __asm__ volatile("ldr q19, [%0]" ::"r"(page) : "v19");
    keep_registers();
    __asm__ volatile("movi v19.2d, #0" ::: "v19");
#endif
    memset(page, 0, 16);
}

static void what_is_there_is_found(void) {
    for (size_t i = 0; i < needle_count; i++) {
        left = &needles[i];
        set_context("key %d, %s", left->key, left->name);
        on_own_stack(leave_on_stack);
        search_everywhere();
        CHECK(traces >= (int)(left->count / WORD));

        memset(stack, 0, STACK);
        unsigned char *block = malloc(left->count + 3);
        for (size_t at = 0; at < left->count; at++) block[3 + at] = (unsigned char)~left->inverted[at];
        search_everywhere();
        CHECK(traces >= (int)(left->count / WORD) - 1);
        memset(block, 0, left->count + 3);
        __asm__ volatile("" ::"r"(block) : "memory");
        free(block);
        search_everywhere();
        CHECK_INT(0, traces);
    }
    left = needle_of(FIRST, "outer-state-words");
    on_own_stack(leave_in_register);
    search_everywhere();
    CHECK(HAS_WIDE_REGISTERS ? traces >= 4 : traces == 0);
}

static const struct test trace_tests[] = {{"what is there is found", what_is_there_is_found},
    {"a key that is set is in one place and nothing of it elsewhere", in_one_place},
    {"no signal handler's frame has any of it", among_signals},
    {"a verification that fails leaves nothing of it", refused}, {"a key that is replaced is gone", replaced},
    {"a key of a wrong length is not kept", of_wrong_length}, {"a key is gone after free_pos_verify", freed},
    {"a key is gone after the library", unloaded}, {"a key in a file is in one place once it is read", in_a_file},
    {"a thread leaves nothing of it", by_a_thread}, {NULL, NULL}};

int main(int argc, char **argv) {
    static const struct test *const lists[] = {trace_tests, NULL};
    if (argc < 4) {
        printf("usage: traces LIBRARY NEEDLES KEY_FILE [PART_OF_A_NAME ...]\n");
        return 2;
    }
    library_path = argv[1];
    read_needles(argv[2]);
    key_file = argv[3];
    stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED || page == MAP_FAILED) return 2;
    return run_tests(argc - 3, argv + 3, lists, NULL);
}
