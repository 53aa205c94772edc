/* cuts: power cuts, killed processes and failing disks at every step (docs/testing.md, "Power cuts"). The calls to the
 * disk are replayed up to a step. Then the power is cut and the library starts on the remaining data: it must know
 * every code that it has accepted. That start is cut in turn, and the start after it.
 *
 *   cuts [SEED [PART_OF_A_TEST'S_NAME...]]
 *
 * CUTS_DEFECT in the environment names a defect of the disk (below); the program must then fail. */
#define _POSIX_C_SOURCE 200809L
#include "cuts.h"
#include "exploration.h"
#include "fixtures.h"
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin_test(void) {
    check(!is_hopeless(), "an earlier test fails, and this one is not run", __FILE__, __LINE__);
}

int main(int argc, char **argv) {
    static const struct test count_tests[] = {{"the cuts were everywhere", the_cuts_were_everywhere}, {0}};
    static const struct test *const lists[] = {cut_tests, fault_tests, damage_tests, count_tests, NULL};
    static const char *const defects[] = {"", "no-sync", "no-directory-sync", "no-sync-after-rename",
        "rename-before-sync", "unreported-fault"};
    const char *defect = getenv("CUTS_DEFECT");
    for (size_t i = 0; i < COUNT_OF(defects); i++)
        if (defect && strcmp(defect, defects[i]) == 0) seam_defect = (enum defect)i;
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    empty_past.clock = empty_past.latest = NOW;
    printf("seed %llu\n", (unsigned long long)seed);
    int skipped = argc > 1;
    return run_tests(argc - skipped, argv + skipped, lists, begin_test);
}
