import TestSupport
import Testing
import TransitCode

@Suite struct HexTextTests {
    private func read(_ text: String) -> HexText<3> {
        var hex = HexText<3>()
        for byte in text.utf8 { hex.append(byte) }
        return hex
    }

    @Test func `digits of either case spell bytes`() {
        let hex = read("0aF9e7")
        #expect([UInt8](hex.bytes) == [0x0A, 0xF9, 0xE7])
        #expect(hex.count == 3)
        #expect(hex.isComplete)
    }

    @Test func `a text may be shorter than the capacity, and then is not complete`() {
        #expect(read("").count == 0)
        #expect(read("0aF9").count == 2)
        #expect(!read("0aF9").isComplete)
        #expect([UInt8](read("0aF9").bytes) == [0x0A, 0xF9, 0])
    }

    @Test(arguments: [
        "0", "0aF", "0aF9e", "0aF9e70", "0aF9e700", "0aF9eg", "g", "0x", " 0", "0 ", "0aF9e7 ", "/0", ":0",
    ])
    func `half a byte, a digit too many and anything but digits spoil it`(text: String) {
        #expect(read(text).count == nil)
        #expect(!read(text).isComplete)
    }

    @Test(arguments: ["@A", "GA", "`a", "ga", "/0", ":0"])
    func `the neighbours of the digits are no digits`(text: String) {
        #expect(read(text).count == nil)
    }
}
