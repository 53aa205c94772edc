/* The shim exists because prctl is variadic, and Swift cannot call variadic C functions. */
#include <sys/prctl.h>

/* Disables core dumps and access by ptrace and /proc, so that keys in memory do not reach a file or another process. */
static inline void posoffline_forbid_cores(void) { prctl(PR_SET_DUMPABLE, 0); }
