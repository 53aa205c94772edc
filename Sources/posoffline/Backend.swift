// The one place that chooses who does the cryptography, when the library is built.
#if POSOFFLINE_PORTABLE
    @_exported import PortableCrypto

    typealias Backend = PortableBackend
#else
    @_exported import HostCrypto

    typealias Backend = HostBackend
#endif
