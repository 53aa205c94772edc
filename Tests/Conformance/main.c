/* conformance [--list | PART_OF_A_NAME ...]: the library that this program is linked with, against the reference. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <stdlib.h>

static void prepare(void) {
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    start_terminal();
}

int main(int argc, char **argv) {
    static const struct test *const lists[] = {layout_tests, code_tests, buffer_tests, mutation_tests, order_tests,
        fault_tests, replay_tests, legacy_tests, json_tests, pos_param_tests, record_tests, thread_tests,
        no_output_tests, NULL};
    return run_tests(argc, argv, lists, prepare);
}
