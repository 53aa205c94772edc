import TestSupport
import Testing
import TransitCode

@testable import posoffline

/// docs/rules.md, "Buffers": minimum sizes, and values that do not fit.
@Suite struct BufferCapacitiesTests {
    static let minimum = BufferCapacities(userID: 17, record: 2048, cardNumber: 17, cardData: 65, cardType: 9)

    typealias Size = WritableKeyPath<BufferCapacities, Int>

    @Test func `each length has its minimum`() {
        let minima: [(Size, Int)] = [
            (\.userID, 17), (\.record, 2048), (\.cardNumber, 17), (\.cardData, 65), (\.cardType, 9),
        ]
        for (path, least) in minima {
            #expect(Self.minimum[keyPath: path] == least)
            for (length, passes) in [
                (least, true), (least - 1, false), (least + 1, true), (0, false), (-1, false), (.min, false),
                (.max, true),
            ] {
                var capacities = Self.minimum
                capacities[keyPath: path] = length
                #expect(capacities.meetsMinimum == passes, "\(least): \(length)")
            }
        }
    }

    @Test func `a buffer that is not given is large enough`() {
        #expect(BufferCapacities(userID: 17).meetsMinimum)
        #expect(!BufferCapacities(userID: 16).meetsMinimum)
    }

    private func holds(_ parts: CodeParts, _ change: (inout BufferCapacities) -> Void) throws -> Bool {
        let bytes = parts.bytes
        var capacities = Self.minimum
        change(&capacities)
        return capacities.holds(try TransitCode(bytes.span))
    }

    @Test func `texts need room for their NUL, card data does not`() throws {
        let full = CodeParts(
            cardNumber: [UInt8](repeating: 0x31, count: 16), cardData: [UInt8](repeating: 1, count: 65))
        #expect(try holds(full) { _ in })
        #expect(try !holds(full) { $0.userID = 16 })
        #expect(try !holds(full) { $0.cardNumber = 16 })
        #expect(try !holds(full) { $0.cardData = 64 })
        #expect(try !holds(full) { $0.cardType = 8 })
        var longer = full
        longer.cardNumber.append(0x31)
        #expect(try !holds(longer) { _ in })
        #expect(try holds(longer) { $0.cardNumber = 18 })
        longer = full
        longer.cardData.append(1)
        #expect(try !holds(longer) { _ in })
        #expect(try holds(longer) { $0.cardData = 66 })
    }

    @Test func `empty values need a NUL, or nothing`() throws {
        let empty = CodeParts(cardType: [UInt8](repeating: 0, count: 8), cardNumber: [], cardData: [])
        let exact = BufferCapacities(userID: 17, record: 0, cardNumber: 1, cardData: 0, cardType: 1)
        #expect(try holds(empty) { $0 = exact })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardNumber = 0
            })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardData = -1
            })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardType = 0
            })
    }

    @Test func `a record needs two digits a byte and a NUL`() {
        #expect(BufferCapacities(userID: 17, record: 201).holdsRecord(count: 100))
        #expect(!BufferCapacities(userID: 17, record: 200).holdsRecord(count: 100))
        #expect(BufferCapacities(userID: 17, record: 1).holdsRecord(count: 0))
        #expect(!BufferCapacities(userID: 17, record: 0).holdsRecord(count: 0))
    }

    @Test func `every result must fit its buffer`() throws {
        let bytes = CodeParts().bytes
        let code = try TransitCode(bytes.span)
        let edges: [(String, Size, Int)] = [
            ("user id", \.userID, 17), ("record", \.record, 2 * 500 + 1), ("card number", \.cardNumber, 9),
            ("card data", \.cardData, 5), ("card type", \.cardType, 9),
        ]
        for (name, path, least) in edges {
            for (size, fits) in [(least, true), (least - 1, false), (0, false), (-1, false)] {
                var capacities = BufferCapacities(userID: .max)
                capacities[keyPath: path] = size
                let holdsAll = capacities.holds(code) && capacities.holdsRecord(count: 500)
                #expect(holdsAll == fits, "\(name) of \(size)")
            }
        }
    }
}
