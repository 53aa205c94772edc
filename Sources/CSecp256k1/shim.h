/* Why this shim: Swift finds a system library by a module map, and libsecp256k1 ships none; and it takes the library's
 * constant context for a global variable that threads might change. */
#ifndef POSOFFLINE_CSECP256K1_SHIM_H
#define POSOFFLINE_CSECP256K1_SHIM_H

#include <secp256k1.h>

static inline const secp256k1_context *_Nonnull posoffline_secp256k1_context(void) { return secp256k1_context_static; }

#endif
