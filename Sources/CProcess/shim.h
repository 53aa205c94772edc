/* Why this shim: prctl takes any number of arguments, and Swift calls no such function. */
#include <sys/prctl.h>

/* Whatever this process dies of, the system writes none of its memory to a file or to another program. */
static inline void posoffline_forbid_cores(void) { prctl(PR_SET_DUMPABLE, 0); }
