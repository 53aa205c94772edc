import Testing

/// The last comparison of ECDSA: x mod n = r, for x below p, where p is above n. Here the sum has x = 1, and r is
/// 1 + p - n. So r + n = x modulo p, but x mod n is not r. The key and the signature were computed from x.
@Suite struct SmallXTests {
    /// INTEGER 0x01234567.
    private let s: [UInt8] = [2, 4, 0x01, 0x23, 0x45, 0x67]

    private func digest(count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: count - 4) + [0x09, 0xAB, 0xCD, 0xEF]
    }

    @Test func `on secp192k1 an r of p - n and more does not stand for a small x`() {
        let signature = DER.sequence([2, 13] + hex("01D90D03E8F096B9948B20F0AB") + s)
        let key = hex("024EA986906B6E15A7CF4B9AB6B04CD300F8B31F852EBA47B4")
        #expect(
            PortableBackend.verifyUser(key.span, digest: digest(count: 24).span, signature: signature.span) == .invalid)
    }

    @Test func `on secp256k1 an r of p - n and more does not stand for a small x`() throws {
        let signature = DER.sequence([2, 17] + hex("014551231950B75FC4402DA1722FC9BAEF") + s)
        let encoded = hex("02440026A9F77F11A6A38C6CCD5D9BBC66F4D3F43B889D067B75FF02877540EFD0")
        let point = PortableBackend.issuerKey(encoded.span)
        let key = try #require(point)
        #expect(
            PortableBackend.verifyIssuer(key, digest: digest(count: 32).span, signature: signature.span) == .invalid)
    }
}
