import HostCrypto
import TestSupport
import Testing
import TransitCrypto

/// Vectors from FIPS 180-4 and RFC 4231, and lengths around the edges of a block.
@Suite struct HashTests {
    private func sha1(_ message: [UInt8]) -> [UInt8] { [UInt8](HostBackend.sha1(message.span)) }
    private func sha256(_ message: [UInt8]) -> [UInt8] { [UInt8](HostBackend.sha256(message.span)) }
    private func mac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        [UInt8](HostBackend.hmacSHA256(key: key.span, message: message.span))
    }

    /// The bytes 0, 1, ... 255, and then 0, 1, ... 254.
    static let counting = (0..<511).map { UInt8(truncatingIfNeeded: $0) }

    @Test(arguments: [
        (
            0, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ),
        (
            1, "5ba93c9db0cff93f52b521d7420e43f6eda2784f",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        ),
        (
            55, "8ae2d46729cfe68ff927af5eec9c7d1b66d65ac2",
            "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"
        ),
        (
            56, "636e2ec698dac903498e648bd2f3af641d3c88cb",
            "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"
        ),
        (
            63, "6d942da0c4392b123528f2905c713a3ce28364bd",
            "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"
        ),
        (
            64, "c6138d514ffa2135bfce0ed0b8fac65669917ec7",
            "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"
        ),
        (
            65, "69bd728ad6e13cd76ff19751fde427b00e395746",
            "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"
        ),
        (
            119, "41c89d06001bab4ab78736b44efe7ce18ce6ae08",
            "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"
        ),
        (
            120, "d3dbd653bd8597b7475321b60a36891278e6a04a",
            "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"
        ),
        (
            128, "e6434bc401f98603d7eda504790c98c67385d535",
            "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"
        ),
        (
            259, "ec485bc69fb3660cdd7c650a8da191c958273534",
            "c38540a189764c27bd40bee5e0719f51455107734ef5ac97c6dc7fc0295a3046"
        ),
        (
            511, "11bca5b61fc1f6d59078ec5354bc6d9adecc0c5d",
            "8a6b2159bcb392e9050f093d7cea1010993973eb3164d0099d2961c3610fb4d7"
        ),
    ])
    func `both hashes of a text that counts`(count: Int, first: String, second: String) {
        let message = Array(Self.counting[..<count])
        #expect(sha1(message) == [UInt8](hex: first))
        #expect(sha256(message) == [UInt8](hex: second))
    }

    @Test func `the standard's examples`() {
        let abc = [UInt8](text: "abc")
        #expect(sha1(abc) == [UInt8](hex: "a9993e364706816aba3e25717850c26c9cd0d89d"))
        #expect(
            sha256(abc) == [UInt8](hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        let million = [UInt8](repeating: 0x61, count: 1_000_000)
        #expect(sha1(million) == [UInt8](hex: "34aa973cd4c4daa4f61eeb2bdbad27316534016f"))
        #expect(
            sha256(million) == [UInt8](hex: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }

    @Test func `the MAC of RFC 4231`() {
        let cases: [(key: [UInt8], message: [UInt8], mac: String)] = [
            (
                [UInt8](repeating: 0x0B, count: 20), [UInt8](text: "Hi There"),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                [UInt8](text: "Jefe"), [UInt8](text: "what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                (1...25).map { UInt8($0) }, [UInt8](repeating: 0xCD, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                [UInt8](text: "Test Using Larger Than Block-Size Key - Hash Key First"),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, message, expected) in cases { #expect(mac(key, message) == [UInt8](hex: expected)) }
    }

    @Test(arguments: [
        (0, "0b4401b24341c818f96a9814c6af33f90ebb69849f78a569cf3fb4dcc3bda21e"),
        (16, "9badaa052d5241e904f18588b7e2589c32733f7e503d494d392af08c705e07f2"),
        (63, "0ce135a0080cc09182274a8b726b30332695d787c12f253bb33d2304e8ca574c"),
        (64, "45f8fa81cfb242288196f6a27ce22896c8f0c3946640698a5743ab0ae9ce72e6"),
        (65, "ef80c15f7ba58015f24bcbf15e64cfa5e5aae8f25b00f2ba66123fe9b0182bdb"),
        (131, "c4b86c4234bc84b889b659e1d14fb2f63a633db5f37618306da3b036564d9ee9"),
    ])
    func `the MAC at every edge of the key's length`(count: Int, expected: String) {
        #expect(mac(Array(Self.counting[..<count]), Array(Self.counting[..<200])) == [UInt8](hex: expected))
    }
}
