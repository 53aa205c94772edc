"""RSA signatures by libcrypto, through ctypes. The tests check every signature with them."""

import base64
import ctypes
import ctypes.util

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for _name in ("BIO_new_mem_buf", "PEM_read_bio_PrivateKey", "PEM_read_bio_PUBKEY", "EVP_MD_CTX_new", "EVP_sha1",
              "EVP_sha256"):
    getattr(_crypto, _name).restype = ctypes.c_void_p
_HASHES = {"sha1": _crypto.EVP_sha1, "sha256": _crypto.EVP_sha256}


def _check(result):
    if result != 1:
        raise ValueError("libcrypto refuses")


class Key:
    """A key from PEM: PKCS#1 or PKCS#8 for a private one, SPKI for a public one."""

    def __init__(self, pem):
        content = pem.encode()
        bio = ctypes.c_void_p(_crypto.BIO_new_mem_buf(content, len(content)))
        read = _crypto.PEM_read_bio_PUBKEY if "BEGIN PUBLIC" in pem else _crypto.PEM_read_bio_PrivateKey
        self._key = ctypes.c_void_p(read(bio, None, None, None))
        _crypto.BIO_free(bio)
        if not self._key:
            raise ValueError("not a key in PEM")

    def sign(self, text, hash_name="sha256"):
        """The base64 of a PKCS#1 v1.5 signature."""
        content = text.encode()
        signature = ctypes.create_string_buffer(1024)
        length = ctypes.c_size_t(len(signature))
        context = ctypes.c_void_p(_crypto.EVP_MD_CTX_new())
        try:
            _check(_crypto.EVP_DigestSignInit(
                context, None, ctypes.c_void_p(_HASHES[hash_name]()), None, self._key))
            _check(_crypto.EVP_DigestSign(
                context, signature, ctypes.byref(length), content, ctypes.c_size_t(len(content))))
        finally:
            _crypto.EVP_MD_CTX_free(context)
        return base64.b64encode(signature.raw[:length.value]).decode()

    def verifies(self, signature, content):
        """Whether the base64 text is a signature with SHA-256 over the bytes."""
        try:
            signature = base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        context = ctypes.c_void_p(_crypto.EVP_MD_CTX_new())
        try:
            _check(_crypto.EVP_DigestVerifyInit(
                context, None, ctypes.c_void_p(_crypto.EVP_sha256()), None, self._key))
            return 1 == _crypto.EVP_DigestVerify(
                context, signature, ctypes.c_size_t(len(signature)), content, ctypes.c_size_t(len(content)))
        finally:
            _crypto.EVP_MD_CTX_free(context)
