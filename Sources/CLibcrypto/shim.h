/* The shim has two reasons. First, it selects the hash and EC_KEY functions that do not allocate or fetch at each call;
 * OpenSSL 3 marks them deprecated. Second, the error reasons are macros, which Swift cannot import. */
#ifndef POSOFFLINE_CLIBCRYPTO_SHIM_H
#define POSOFFLINE_CLIBCRYPTO_SHIM_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* The reasons for a failed call that callers distinguish. */
enum posoffline_libcrypto_reason {
    POSOFFLINE_LIBCRYPTO_OTHER,
    POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY,
    POSOFFLINE_LIBCRYPTO_BAD_POINT
};

/* Empties the thread's error queue. Returns the most important reason in it, because libcrypto adds generic errors
 * after the first one. */
static inline enum posoffline_libcrypto_reason posoffline_libcrypto_take_reason(void) {
    enum posoffline_libcrypto_reason found = POSOFFLINE_LIBCRYPTO_OTHER;
    for (unsigned long error; (error = ERR_get_error()) != 0;) {
        int reason = ERR_GET_REASON(error);
        if (reason == ERR_R_MALLOC_FAILURE) found = POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY;
        if (ERR_GET_LIB(error) != ERR_LIB_EC || found == POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY) continue;
        if (reason == EC_R_INVALID_ENCODING || reason == EC_R_INVALID_COMPRESSED_POINT ||
            reason == EC_R_POINT_IS_NOT_ON_CURVE || reason == EC_R_POINT_AT_INFINITY)
            found = POSOFFLINE_LIBCRYPTO_BAD_POINT;
    }
    return found;
}

#endif
