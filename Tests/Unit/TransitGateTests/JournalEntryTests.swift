import TestSupport
import Testing
import TransitGate

/// docs/journal.md, "Entries".
@Suite struct JournalEntryTests {
    private static func accepted(_ tag: Int) throws -> ReplaySlot {
        ReplaySlot(try .at(home: 0x1234 + tag, tag: tag), until: 0xF0E0_D0C0)
    }

    /// The entries of a table's journal.
    private static func entries(_ table: Table) -> [JournalEntry] {
        var entries = table.slots.filter { !$0.isEmpty }.map { JournalEntry.accepted($0) }
        if let times = table.memory.watermark { entries.append(.evicted(times)) }
        return entries
    }

    private static func bytes(_ entry: JournalEntry) -> [UInt8] { [UInt8](entry.bytes) }

    private static func read(_ bytes: [UInt8], at offset: Int = 0) -> JournalEntry? {
        JournalEntry(bytes.span, at: offset)
    }

    /// CRC-32 computed bit by bit, from the definition.
    private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF as UInt32) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }

    @Test func `what is written is read, at any offset`() throws {
        for tag in 0..<50 {
            let entry = Self.bytes(.accepted(try Self.accepted(tag)))
            #expect(entry.count == JournalEntry.count)
            for offset in [0, 1, 32, 33] {
                let padded = [UInt8](repeating: 0xA5, count: offset) + entry + [0xA5]
                let entryRead = Self.read(padded, at: offset)
                let read = try #require(entryRead)
                guard case .accepted = read else {
                    Issue.record("read as another kind")
                    continue
                }
                #expect(Self.bytes(read) == entry)
            }
        }
    }

    @Test func `the checksum is CRC-32, and 123456789 has the one that all agree on`() throws {
        #expect(Self.crc32("123456789".utf8) == 0xCBF4_3926)
        let entry = Self.bytes(.accepted(try Self.accepted(7)))
        #expect(Array(entry[0..<4]) == [0x50, 0x4A, 1, 0x41])
        #expect(Array(entry[24..<28]) == [0xF0, 0xE0, 0xD0, 0xC0])
        let crc = Self.crc32(entry[0..<28])
        #expect(Array(entry[28..<32]) == [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> $0) })
    }

    @Test func `an entry that lacks a byte, or has a wrong bit, is none`() throws {
        let entry = Self.bytes(.accepted(try Self.accepted(7)))
        for count in 0..<32 {
            let short = Array(entry.prefix(count))
            #expect(Self.read(short) == nil)
        }
        #expect(Self.read(entry, at: 1) == nil)
        #expect(Self.read(entry, at: -1) == nil)
        #expect(Self.read(entry, at: .max) == nil)
        for bit in 0..<256 {
            var wrong = entry
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.read(wrong) == nil)
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(Self.read(zeros) == nil)
    }

    /// The checksum of each changed entry is correct.
    @Test func `an unknown kind or version, or a digest that none is, is no entry`() throws {
        let good = Self.bytes(.accepted(try Self.accepted(7)))
        for (index, byte): (Int, UInt8) in [(0, 0x51), (1, 0x4B), (2, 0), (2, 2), (3, 0x42), (19, good[19] & 0xFE)] {
            var entry = good
            entry[index] = byte
            let crc = Self.crc32(entry[0..<28])
            for place in 0..<4 { entry[28 + place] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * place)) }
            #expect(Self.read(entry) == nil)
        }
    }

    @Test func `a table that is read back refuses what the first one refused`() throws {
        var table = Table(8)
        let identities = try (0..<40).map { try ReplayIdentity.at(home: $0 % 5, tag: $0) }
        for (index, identity) in identities.enumerated() {
            _ = table.accept(identity, until: 100 + UInt32(index), now: 50 + UInt32(index))
        }
        var copy = Table(8)
        for entry in Self.entries(table) {
            let written = Self.bytes(entry)
            let entryRead = Self.read(written)
            let read = try #require(entryRead)
            if copy.restore(read) == .needsGrowth {
                copy.grow()
                #expect(copy.restore(read) == .remembered)
            }
        }
        #expect(copy.memory.count == table.memory.count)
        for identity in identities {
            #expect(copy.contains(identity) == table.contains(identity))
            #expect(copy.accept(identity, until: 130, now: 100) == table.accept(identity, until: 130, now: 100))
        }
    }

    @Test func `what was dropped is remembered as the latest of its times, in any order`() throws {
        let identity = try ReplayIdentity.at(home: 1, tag: 1)
        var table = Table(8)
        for index in 0..<6 {
            _ = table.remember(
                try .at(home: index, tag: 100 + index), until: UInt32(10 + index), now: 5, canGrow: true)
        }
        table.removeExpired(1000)
        #expect(table.memory.count == 0)
        let forgotten = table.memory.watermark
        let times = try #require(forgotten)
        var copy = Table(8)
        #expect(copy.restore(.evicted(times)) == .remembered)
        // An older second entry has no effect.
        var older = Table(8)
        _ = older.remember(try .at(home: 1, tag: 50), until: 3, now: 1, canGrow: true)
        older.removeExpired(1000)
        let olderForgotten = older.memory.watermark
        #expect(copy.restore(.evicted(try #require(olderForgotten))) == .remembered)
        for lastSecond in [14, 15, 16] as [UInt32] {
            let first = table.remember(identity, until: lastSecond, now: 5, canGrow: true)
            let second = copy.remember(identity, until: lastSecond, now: 5, canGrow: true)
            #expect(first == second)
            table.rollBack(identity)
            copy.rollBack(identity)
        }
    }

    @Test func `an entry is restored once`() throws {
        var table = Table(8)
        let entry = JournalEntry.accepted(try Self.accepted(1))
        #expect(table.restore(entry) == .remembered)
        #expect(table.restore(entry) == .duplicate)
        #expect(table.memory.count == 1)
        for tag in 2..<7 { #expect(table.restore(.accepted(try Self.accepted(tag))) == .remembered) }
        #expect(table.restore(.accepted(try Self.accepted(7))) == .needsGrowth)
        #expect(table.restore(entry) == .duplicate)
        var none = Table(0)
        #expect(none.restore(entry) == .needsGrowth)
    }

    @Test func `what is withdrawn is gone, and its neighbours stay`() throws {
        for gone in 0..<5 {
            var table = Table(8)
            let identities = try (0..<5).map { try ReplayIdentity.at(home: 6, tag: $0) }
            for identity in identities { _ = table.remember(identity, until: 100, now: 50, canGrow: true) }
            table.rollBack(identities[gone])
            #expect(table.memory.count == 4)
            for (index, identity) in identities.enumerated() { #expect(table.contains(identity) == (index != gone)) }
            table.rollBack(identities[gone])
            #expect(table.memory.count == 4)
            #expect(table.remember(identities[gone], until: 100, now: 50, canGrow: true) == .remembered)
        }
    }
}
