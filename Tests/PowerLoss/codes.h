/* codes.h: codes for the tests of power cuts, by the second in which they were generated (codes.c). */
#ifndef CODES_H
#define CODES_H

#include "harness.h"

enum { LONG = 65535, SHORT = 60 }; /* seconds that a code is valid for */

const struct code *code_of(uint32_t generated, int window);
/* The library's answer, from verify_qrcode_v2 or from the older verify_qrcode. */
int verify_code(const struct code *code, int old);

#endif
