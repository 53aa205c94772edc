import Testing

/// The tests of PortableCryptoTests, with 32-bit limbs (`POSOFFLINE_LIMB32`), are compiled into this target too.
@Suite struct Limb32Tests {
    @Test func `limbs have 32 bits here`() {
        #expect(Limb.bitWidth == 32)
    }
}
