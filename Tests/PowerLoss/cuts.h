/* cuts.h: the tests of the program `cuts`, in the order in which they run; the last one of each list has no name. */
#ifndef CUTS_H
#define CUTS_H

#include "harness.h"

extern const struct test cut_tests[], fault_tests[], damage_tests[];

#endif
