/* pos_param: the answer of the check, and the trip type that it reads. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    REQUIRE(fuzz_pos_param(data, (long)size) == model_pos_param(data, size));
    return 0;
}
