// Chooses the cryptography at compile time.
#if POSOFFLINE_PORTABLE
@_exported import PortableCrypto

typealias Backend = PortableBackend
#else
@_exported import HostCrypto

typealias Backend = HostBackend
#endif
