import Testing

/// This target also contains the tests of PortableCryptoTests, compiled with 32-bit limbs (`POSOFFLINE_LIMB32`).
@Suite struct Limb32Tests {
    @Test func `limbs have 32 bits here`() {
        #expect(Limb.bitWidth == 32)
    }
}
