/* The shim has two reasons. First, Swift imports a system library by a module map, and libsecp256k1 has none. Second,
 * Swift treats the library's constant context as a mutable global variable and rejects it in concurrent code. */
#ifndef POSOFFLINE_CSECP256K1_SHIM_H
#define POSOFFLINE_CSECP256K1_SHIM_H

#include <secp256k1.h>

static inline const secp256k1_context *_Nonnull posoffline_secp256k1_context(void) { return secp256k1_context_static; }

#endif
