#ifndef SIGN_H
#define SIGN_H

#include "fuzz.h"

enum signer { BY_ISSUER, BY_RIDER };

/* Writes a DER signature, at most 72 bytes, and returns its length. `other_half`: with n - s, which is valid too. */
size_t sign(enum signer signer, const unsigned char *message, size_t count, int other_half, unsigned char *out);

#endif
