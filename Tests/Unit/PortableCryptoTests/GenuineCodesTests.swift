import Testing

/// The signatures of the codes that the vendor published with its demo.
@Suite struct GenuineCodesTests {
    struct Code {
        let bytes: [UInt8]
        let issuer: [UInt8]

        var credential: ArraySlice<UInt8> { bytes[4..<4 + Int(bytes[3])] }
        var issuerSignature: ArraySlice<UInt8> {
            let at = 4 + Int(bytes[3])
            return bytes[at + 1..<at + 1 + Int(bytes[at])]
        }
        var userSignature: ArraySlice<UInt8> {
            let at = issuerSignature.endIndex + 5
            return bytes[at + 1..<at + 1 + Int(bytes[at])]
        }
        var signedByUser: ArraySlice<UInt8> { bytes[0..<issuerSignature.endIndex + 5] }
        var userKey: ArraySlice<UInt8> { credential.dropFirst(36).prefix(25) }
    }

    static let issuer = hex("028B90D7C281AD21B4BA9492C522E39B655890CC41420EB8E8826B28C6DF2D467A")
    static let codes = [
        Code(
            bytes: hex(
                """
                02010054323038383330323233343033373935345BE77C8B0A0D0A0D00000000000000000000000003BEDDEA3AAA38BA\
                BEA523A6727F066248FCCBEE59CA00165A53304A5030303030083030303030303031051234567890473045022100B50C\
                A620DF2FBA5BA2373FF23752D8AD9A0681E785A77D4FE9A490118B2EC2CA02202673E9693C5773D9E003A7F8717EEF80\
                A861D2DBFF53D6FD2AE8F5CED08D7B2E045A5EE0BB373035021900CDF4748F76846E7CF8249FC21B4BDF60F5152B0F97\
                35339302180B10DA8CC1AE9F5184FC5B891F5063D11EF6EC89B6943DFF
                """), issuer: issuer),
        Code(
            bytes: hex(
                """
                02010057323038383230323931343938303737355E1AF1510A0D0A0D000000000000000044454D4F03BEDDEA3AAA38BA\
                BEA523A6727F066248FCCBEE59CA00165A54455354303030311032303838323032393134393830373735004730450221\
                008A6E466CA550B8D0C0E2C81DC1C517FD0F698277383FDDD78A51C31B0419EA9802200B2008518C7804D09D348D1BC6\
                17D717EA3FDCC94B9632AED971E985C63AA66C045C925581373035021900B3AC8382AE7E61993E61F6FD3DAE725E52A2\
                84BBF1E9DC01021867CAD1BD062FA574FE8005C30478E6DCB3527282EB37D3C2
                """), issuer: issuer),
    ]

    func digest(_ message: ArraySlice<UInt8>) -> [UInt8] {
        let digest = PortableBackend.sha1(Array(message).span)
        return (0..<20).map { digest[$0] }
    }

    @Test func `both signatures of each code are good, and not after a change of one bit`() throws {
        for code in Self.codes {
            let parsed = PortableBackend.issuerKey(code.issuer.span)
            let key = try #require(parsed)
            let issuerSignature = Array(code.issuerSignature)
            let userSignature = Array(code.userSignature)
            let userKey = Array(code.userKey)
            #expect(
                PortableBackend.verifyIssuer(
                    key, digest: digest(code.credential).span, signature: issuerSignature.span) == .valid)
            #expect(
                PortableBackend.verifyUser(
                    userKey.span, digest: digest(code.signedByUser).span, signature: userSignature.span) == .valid)
            #expect(
                PortableBackend.verifyIssuer(
                    key, digest: digest(code.signedByUser).span, signature: issuerSignature.span) == .invalid)

            for bit in 0..<160 {
                var changed = digest(code.credential)
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(
                    PortableBackend.verifyIssuer(key, digest: changed.span, signature: issuerSignature.span)
                        == .invalid)
                changed = digest(code.signedByUser)
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(
                    PortableBackend.verifyUser(
                        userKey.span, digest: changed.span, signature: userSignature.span) == .invalid)
            }
            for bit in 0..<8 * issuerSignature.count {
                var changed = issuerSignature
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(
                    PortableBackend.verifyIssuer(
                        key, digest: digest(code.credential).span, signature: changed.span) == .invalid)
            }
            for bit in 0..<8 * userSignature.count {
                var changed = userSignature
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(
                    PortableBackend.verifyUser(
                        userKey.span, digest: digest(code.signedByUser).span, signature: changed.span) == .invalid)
            }
            for bit in 0..<8 * userKey.count {
                var changed = userKey
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                let digest = digest(code.signedByUser)
                #expect(
                    PortableBackend.verifyUser(changed.span, digest: digest.span, signature: userSignature.span)
                        == .invalid)
            }
        }
    }
}
