import Foundation
import TestSupport
import Testing
import TransitCrypto

/// The one valid DER encoding of a number, and malformed ones.
enum DER {
    static func integer(_ value: BigInteger) -> [UInt8] {
        var bytes = value.bytes(value.bitLength / 8 + 1)
        if bytes.count > 1 && bytes[0] == 0 && bytes[1] < 0x80 { bytes.removeFirst() }
        return [2, UInt8(bytes.count)] + bytes
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { [0x30, UInt8(content.count)] + content }

    static func signature(_ r: BigInteger, _ s: BigInteger) -> [UInt8] { sequence(integer(r) + integer(s)) }

    /// Malformed encodings of the same or similar numbers.
    static func malformed(_ r: BigInteger, _ s: BigInteger) -> [(name: String, bytes: [UInt8])] {
        let (first, second) = (integer(r), integer(s))
        let good = signature(r, s)
        func padded(_ integer: [UInt8]) -> [UInt8] { [2, integer[1] + 1, 0] + integer[2...] }
        func negative(_ integer: [UInt8]) -> [UInt8] { [2, integer[1], integer[2] | 0x80] + integer[3...] }
        func long(_ integer: [UInt8]) -> [UInt8] { [2, 0x81] + integer[1...] }
        var all: [(String, [UInt8])] = [
            ("nothing", []),
            ("padded r", sequence(padded(first) + second)),
            ("padded s", sequence(first + padded(second))),
            ("negative r", sequence(negative(first) + second)),
            ("negative s", sequence(first + negative(second))),
            ("padded with ones r", sequence([2, first[1] + 1, 0xFF] + first[2...] + second)),
            ("padded with ones s", sequence(first + [2, second[1] + 1, 0xFF] + second[2...])),
            ("long length of r", sequence(long(first) + second)),
            ("long length of s", sequence(first + long(second))),
            ("long length of the sequence", [0x30, 0x81] + good[1...]),
            ("longer length of the sequence", [0x30, 0x82, 0] + good[1...]),
            ("indefinite length", [0x30, 0x80] + good[2...] + [0, 0]),
            ("a byte behind", good + [0]),
            ("a byte behind s", sequence(first + second + [0])),
            ("a third integer", sequence(first + second + [2, 1, 1])),
            ("only r", sequence(first)),
            ("empty sequence", [0x30, 0]),
            ("empty r", sequence([2, 0] + second)),
            ("empty s", sequence(first + [2, 0])),
            ("a set", [0x31] + good[1...]),
            ("primitive sequence", [0x10] + good[1...]),
            ("bit string r", sequence([3] + first[1...] + second)),
            ("octet string s", sequence(first + [4] + second[1...])),
            ("context tag r", sequence([0x82] + first[1...] + second)),
            ("constructed s", sequence(first + [0x22] + second[1...])),
            ("r one shorter", sequence([2, first[1] - 1] + first[2...] + second)),
            ("r one longer", sequence([2, first[1] + 1] + first[2...] + second)),
            ("s one shorter", sequence(first + [2, second[1] - 1] + second[2...])),
            ("s one longer", sequence(first + [2, second[1] + 1] + second[2...])),
            ("sequence one shorter", [0x30, good[1] - 1] + good[2...]),
            ("sequence one longer", [0x30, good[1] + 1] + good[2...]),
        ]
        for count in 1..<good.count { all.append(("the first \(count) bytes", Array(good[..<count]))) }
        return all
    }
}

@Suite struct DERTests {
    func parse(_ bytes: [UInt8]) -> (r: [UInt8], s: [UInt8])? {
        guard let signature = DERSignature(bytes.span) else { return nil }
        return (
            signature.r.indices.map { signature.r[$0] },
            signature.s.indices.map { signature.s[$0] }
        )
    }

    @Test func `numbers on both sides of each edge`() {
        // In each pair, the first is valid and the second breaks one rule.
        let one: [UInt8] = [2, 1, 1]
        let pairs: [(good: [UInt8], magnitude: [UInt8], bad: [UInt8])] = [
            ([2, 1, 0x00], [0x00], [2, 2, 0x00, 0x00]),
            ([2, 1, 0x01], [0x01], [2, 2, 0x00, 0x01]),
            ([2, 1, 0x7F], [0x7F], [2, 1, 0x80]),
            ([2, 2, 0x00, 0x80], [0x80], [2, 2, 0x00, 0x7F]),
            ([2, 2, 0x00, 0xFF], [0xFF], [2, 1, 0xFF]),
            ([2, 2, 0x01, 0x00], [0x01, 0x00], [2, 3, 0x00, 0x01, 0x00]),
            ([2, 2, 0x7F, 0xFF], [0x7F, 0xFF], [2, 2, 0x80, 0x00]),
            ([2, 3, 0x00, 0x80, 0x00], [0x80, 0x00], [2, 3, 0x00, 0x00, 0x80]),
            ([2, 1, 0x05], [0x05], [2, 0]),
            ([2, 1, 0x05], [0x05], [3, 1, 0x05]),
            ([2, 1, 0x05], [0x05], [2, 0x81, 1, 0x05]),
        ]
        for pair in pairs {
            let asR = parse(DER.sequence(pair.good + one))
            #expect(asR?.r == pair.magnitude && asR?.s == [1], "\(pair.good)")
            let asS = parse(DER.sequence(one + pair.good))
            #expect(asS?.r == [1] && asS?.s == pair.magnitude, "\(pair.good)")
            #expect(parse(DER.sequence(pair.bad + one)) == nil, "\(pair.bad)")
            #expect(parse(DER.sequence(one + pair.bad)) == nil, "\(pair.bad)")
        }
    }

    @Test func `the longest short form, and nothing longer`() {
        // Contents of 127 bytes fit the short form of a length. 128 bytes need the long form, which is always refused.
        let long = { (count: Int) in [2, UInt8(count)] + [UInt8](repeating: 1, count: count) }
        let s: [UInt8] = [2, 1, 1]
        #expect(parse(DER.sequence(long(122) + s))?.r.count == 122)
        #expect(parse(DER.sequence(long(123) + s)) == nil)
        #expect(parse([0x30, 0x81, 128] + long(123) + s) == nil)
        #expect(parse([0x30, 0x81, 127] + long(122) + s) == nil)
    }

    @Test func `nothing behind the signature is read`() {
        // Each text ends at an inaccessible page. `count` is the length byte of the sequence.
        let page = sysconf(Int32(_SC_PAGESIZE))
        let memory = mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { munmap(memory, 2 * page) }
        #expect(mprotect(memory + page, page, PROT_NONE) == 0)
        let good = DER.signature(0x123456, 0x80)
        for length in 0...good.count {
            for count in 0..<good.count {
                var text = Array(good[..<length])
                if length > 1 { text[1] = UInt8(count) }
                let start = (memory + page - length).assumingMemoryBound(to: UInt8.self)
                for i in 0..<length { start[i] = text[i] }
                let span = Span(_unsafeStart: start, count: length)
                #expect((DERSignature(span) != nil) == (text == good), "\(text)")
            }
        }
    }

    @Test func `every malformation is refused beside its twin`() {
        var random = Random.named("der")
        for _ in 0..<300 {
            // Long, so that a wrong length byte does not hit another tag by chance.
            let r = random.structured(bits: 256, near: []) + .powerOfTwo(100)
            let s = random.structured(bits: 192, near: []) + .powerOfTwo(100)
            let parsed = parse(DER.signature(r, s))
            #expect(parsed.map { BigInteger(bytes: $0.r) } == r && parsed.map { BigInteger(bytes: $0.s) } == s)
            for (name, bytes) in DER.malformed(r, s) { #expect(parse(bytes) == nil, "\(name): \(hexText(bytes))") }
        }
    }

    @Test func `what is accepted is what the encoder gives`() {
        // Every change of one byte is refused, or is the encoding of the numbers that were read.
        var random = Random.named("der bytes")
        var accepted = 0
        for _ in 0..<40 {
            let good = DER.signature(random.integer(bits: 8 + random.below(250)), random.integer(bits: 192))
            for i in good.indices {
                for value in [0, 1, 2, 0x30, 0x7F, 0x80, 0x81, 0xFF, good[i] &+ 1, good[i] &- 1] as [UInt8] {
                    var changed = good
                    changed[i] = value
                    guard let parsed = parse(changed) else { continue }
                    accepted += 1
                    #expect(DER.signature(BigInteger(bytes: parsed.r), BigInteger(bytes: parsed.s)) == changed)
                }
            }
        }
        #expect(accepted > 1000)
    }
}
