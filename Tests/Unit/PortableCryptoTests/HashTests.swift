import CLibcryptoOracle
import TestSupport
import Testing

@Suite struct HashTests {
    func bytes<let size: Int>(_ digest: InlineArray<size, UInt8>) -> [UInt8] { (0..<size).map { digest[$0] } }

    @Test func `hashes agree with libcrypto at every length up to 300`() {
        var random = Random.named("hashes")
        for count in Array(0...300) + [1000, 4096, 5000] {
            let message = random.bytes(count)
            var expected = [UInt8](repeating: 0, count: 20)
            oracle_sha1(message, count, &expected)
            #expect(bytes(PortableBackend.sha1(message.span)) == expected, "SHA-1, \(count)")
            expected = [UInt8](repeating: 0, count: 32)
            oracle_sha256(message, count, &expected)
            #expect(bytes(PortableBackend.sha256(message.span)) == expected, "SHA-256, \(count)")
        }
    }

    @Test func `the MAC agrees with libcrypto at every length of key and message`() {
        var random = Random.named("mac")
        var expected = [UInt8](repeating: 0, count: 32)
        for count in 0...300 {
            for other in [0, 1, 20, 32, 55, 56, 63, 64, 65, 119, 120, 128, 200] {
                for (first, second) in [(count, other), (other, count)] {
                    let (key, message) = (random.bytes(first), random.bytes(second))
                    oracle_hmac_sha256(key, key.count, message, message.count, &expected)
                    #expect(
                        bytes(PortableBackend.hmacSHA256(key: key.span, message: message.span)) == expected,
                        "key of \(key.count), message of \(message.count)")
                }
            }
        }
    }

    @Test func `published vectors`() {
        let abc = Array("abc".utf8)
        let two = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        // FIPS 180 examples.
        #expect(hexText(bytes(PortableBackend.sha1(abc.span))) == "A9993E364706816ABA3E25717850C26C9CD0D89D")
        #expect(hexText(bytes(PortableBackend.sha1(two.span))) == "84983E441C3BD26EBAAE4AA1F95129E5E54670F1")
        #expect(
            hexText(bytes(PortableBackend.sha256(abc.span)))
                == "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")
        #expect(
            hexText(bytes(PortableBackend.sha256(two.span)))
                == "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1")
        // RFC 4231, test case 2.
        let key = Array("Jefe".utf8)
        let message = Array("what do ya want for nothing?".utf8)
        #expect(
            hexText(bytes(PortableBackend.hmacSHA256(key: key.span, message: message.span)))
                == "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843")
    }

    @Test func `wiping leaves nothing`() {
        var hash = SHA256()
        hash.update(Array("a secret that fills more than one block of the hash, so that all of it is used".utf8).span)
        _ = hash.finish()
        func isZero(_ hash: inout SHA256) -> Bool { withUnsafeBytes(of: &hash) { $0.allSatisfy { $0 == 0 } } }
        let before = isZero(&hash)
        hash.wipe()
        let after = isZero(&hash)
        #expect(!before && after)
    }
}
