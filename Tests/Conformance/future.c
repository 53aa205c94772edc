/* future.so: preloaded into an emulator, it moves the emulated system's clock to the second CLOCK_AT. The emulated
 * program's own C library then reads that clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long long shift(void) {
    static long long shift;
    static int is_known;
    if (!is_known) {
        int (*real)(clockid_t, struct timespec *);
        struct timespec now = {0, 0};
        const char *at = getenv("CLOCK_AT");
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
        real(CLOCK_REALTIME, &now);
        shift = at ? atoll(at) - now.tv_sec : 0;
        is_known = 1;
    }
    return shift;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(time, zone);
    if (result == 0) time->tv_sec += shift();
    return result;
}

time_t time(time_t *out) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
