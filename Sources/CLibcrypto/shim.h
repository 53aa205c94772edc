/* Why this shim: the hash and EC_KEY functions below are the ones that do not allocate or fetch at every call, and
 * OpenSSL 3 marks them deprecated; and its error reasons are macros that Swift cannot read. */
#ifndef POSOFFLINE_CLIBCRYPTO_SHIM_H
#define POSOFFLINE_CLIBCRYPTO_SHIM_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

/* Why the last call of this thread failed, of the reasons that matter here. */
enum posoffline_libcrypto_reason {
    POSOFFLINE_LIBCRYPTO_OTHER,
    POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY,
    POSOFFLINE_LIBCRYPTO_BAD_POINT
};

static inline enum posoffline_libcrypto_reason posoffline_libcrypto_last_reason(void) {
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);
    if (reason == ERR_R_MALLOC_FAILURE) return POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY;
    if (ERR_GET_LIB(error) != ERR_LIB_EC) return POSOFFLINE_LIBCRYPTO_OTHER;
    switch (reason) {
    case EC_R_INVALID_ENCODING:
    case EC_R_INVALID_COMPRESSED_POINT:
    case EC_R_POINT_IS_NOT_ON_CURVE:
    case EC_R_POINT_AT_INFINITY:
        return POSOFFLINE_LIBCRYPTO_BAD_POINT;
    default:
        return POSOFFLINE_LIBCRYPTO_OTHER;
    }
}

#endif
