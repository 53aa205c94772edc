import TestSupport
import Testing
import TransitCode

@Suite struct ByteReaderTests {
    @Test func `fields come off the front, big-endian, and the offset counts them`() {
        let bytes: [UInt8] = [0xFE, 0x01, 0xFD, 0x80, 0x02, 0x03, 0xFC, 2, 0xAA, 0xBB, 0xCC]
        var reader = ByteReader(bytes.span)
        let atStart = reader.offset
        let one = reader.takeUInt8()
        let two = reader.takeUInt16()
        let four = reader.takeUInt32()
        let afterFour = reader.offset
        let counted = copy(of: reader.takeCounted())
        let endsEarly = reader.isAtEnd
        let last = copy(of: reader.take(1))
        let ends = reader.isAtEnd
        let atEnd = reader.offset
        #expect(atStart == 0)
        #expect(one == 0xFE)
        #expect(two == 0x01FD)
        #expect(four == 0x8002_03FC)
        #expect(afterFour == 7)
        #expect(counted == [0xAA, 0xBB])
        #expect(!endsEarly)
        #expect(last == [0xCC])
        #expect(ends)
        #expect(atEnd == 11)
    }

    @Test(arguments: [1, 2, 4])
    func `a number of n bytes needs n bytes, and takes nothing when there are fewer`(size: Int) {
        for count in 0...5 {
            let bytes = [UInt8](repeating: 0xFF, count: count)
            var reader = ByteReader(bytes.span)
            let value: UInt32?
            switch size {
            case 1: value = reader.takeUInt8().map { UInt32($0) }
            case 2: value = reader.takeUInt16().map { UInt32($0) }
            default: value = reader.takeUInt32()
            }
            let offset = reader.offset
            #expect(value == (count >= size ? UInt32.max >> (32 - 8 * UInt32(size)) : nil))
            #expect(offset == (count >= size ? size : 0))
        }
    }

    @Test(arguments: [(-1, false), (0, true), (2, true), (3, true), (4, false), (.max, false), (.min, false)])
    func `of three bytes one can take none to three`(count: Int, isThere: Bool) {
        let bytes: [UInt8] = [1, 2, 3]
        var reader = ByteReader(bytes.span)
        let field = copy(of: reader.take(count))
        let offset = reader.offset
        #expect(field == (isThere ? Array(bytes[..<count]) : nil))
        #expect(offset == (isThere ? count : 0))
    }

    @Test func `a counted field may be empty, may reach the end, and may not pass it`() {
        for (bytes, expected) in [
            ([], nil), ([0], []), ([1], nil), ([1, 9], [9]), ([2, 9], nil), ([2, 9, 8], [9, 8]), ([255, 1], nil),
        ] as [([UInt8], [UInt8]?)] {
            var reader = ByteReader(bytes.span)
            let field = copy(of: reader.takeCounted())
            #expect(field == expected, "\(bytes)")
        }
        let longest = [255] + [UInt8](repeating: 7, count: 255)
        var reader = ByteReader(longest.span)
        let field = copy(of: reader.takeCounted())
        #expect(field?.count == 255)
    }
}
