/* A small test framework: test names are sentences, each failure is a line, counts come at the end. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *running = "(start)";
static char context[512];
static int passed, failed, failure_count;

/* Only the first failures of a test are printed. */
enum { MAX_REPORTED = 10, SECONDS_FOR_ONE_TEST = 900 };

void set_context(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
}

static void report_failure(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void report_failure(const char *file, int line, const char *format, ...) {
    if (failure_count++ == 0) printf("FAILED: %s\n", running);
    if (failure_count == MAX_REPORTED + 1) printf("    and more\n");
    if (failure_count > MAX_REPORTED) return;
    va_list arguments;
    va_start(arguments, format);
    printf("    %s:%d: ", file, line);
    vprintf(format, arguments);
    if (context[0]) printf(" [%s]", context);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
}

void check(int holds, const char *what, const char *file, int line) {
    if (!holds) report_failure(file, line, "expected: %s", what);
}

void check_int(long long expected, long long actual, const char *what, const char *file, int line) {
    if (expected != actual) report_failure(file, line, "%s: expected %lld, actual %lld", what, expected, actual);
}

void check_text(const char *expected, const char *actual, const char *what, const char *file, int line) {
    if (!actual || strcmp(expected, actual) != 0)
        report_failure(file, line, "%s: expected \"%s\", actual \"%s\"", what, expected, actual ? actual : "(null)");
}

void check_bytes(const void *expected, const void *actual, size_t count, const char *what, const char *file, int line) {
    const unsigned char *a = expected, *b = actual;
    for (size_t i = 0; i < count; i++) {
        if (a[i] == b[i]) continue;
        report_failure(file, line, "%s: byte %zu of %zu: expected %02X, actual %02X", what, i, count, a[i], b[i]);
        return;
    }
}

/* A crash or a hang ends the run: the library's lock may be held. */
static void on_signal(int number) {
    printf("FAILED: %s\n    signal %d (%s) [%s]\n", running, number, number == SIGALRM ? "hang" : "crash", context);
    printf("%d passed, %d failed\n", passed, failed + 1);
    fflush(stdout);
    _exit(1);
}

static int is_wanted(const char *name, int argc, char **argv) {
    if (argc < 2) return 1;
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i])) return 1;
    return 0;
}

int run_tests(int argc, char **argv, const struct test *const lists[], void (*prepare)(void)) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM};
    for (size_t i = 0; i < COUNT_OF(signals); i++) signal(signals[i], on_signal);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: %s [--list | PART_OF_A_NAME ...]\n", argv[0]);
        return 0;
    }
    int only_list = argc == 2 && strcmp(argv[1], "--list") == 0;
    for (size_t i = 0; lists[i]; i++) {
        for (const struct test *test = lists[i]; test->name; test++) {
            if (only_list) {
                printf("%s\n", test->name);
                continue;
            }
            if (!is_wanted(test->name, argc, argv)) continue;
            running = test->name;
            failure_count = 0;
            set_context("%s", "");
            alarm(SECONDS_FOR_ONE_TEST);
            if (prepare) prepare();
            test->run();
            alarm(0);
            if (failure_count) failed++;
            else passed++;
            if (getenv("CONFORMANCE_VERBOSE")) printf("%s: %s\n", failure_count ? "failed" : "passed", test->name);
        }
    }
    if (only_list) return 0;
    printf("%d passed, %d failed\n", passed, failed);
    /* For programs without standard output. */
    FILE *log = getenv("CONFORMANCE_LOG") ? fopen(getenv("CONFORMANCE_LOG"), "w") : NULL;
    if (log) {
        fprintf(log, "%d passed, %d failed\n", passed, failed);
        fclose(log);
    }
    return failed || !passed ? 1 : 0;
}
