import Foundation
import TransitCode

// Spans cannot enter #expect, so tests speak of arrays and of what was thrown.

extension Array where Element == UInt8 {
    /// `text` in UTF-8.
    init(text: String) { self = Array(text.utf8) }

    /// Hex digits of either case, an even number of them.
    init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        precondition(digits.count == hex.count && digits.count % 2 == 0, "not hex: \(hex)")
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    init(_ span: Span<UInt8>) { self = span.indices.map { span[$0] } }

    init<let size: Int>(_ inline: InlineArray<size, UInt8>) { self = (0..<size).map { inline[$0] } }

    /// The low `count` bytes of a number, big-endian.
    init(_ value: Int, count: Int) {
        self = (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A copy with one byte changed.
    func setting(_ index: Int, to byte: UInt8) -> [UInt8] {
        var copy = self
        copy[index] = byte
        return copy
    }
}

/// An optional of a span cannot be mapped.
func copy(of span: Span<UInt8>?) -> [UInt8]? {
    if let span { return [UInt8](span) }
    return nil
}

/// What `body` threw; nil when it returned.
func refusal(_ body: () throws(PosError) -> Void) -> PosError? {
    do throws(PosError) {
        try body()
        return nil
    } catch {
        return error
    }
}

/// The seed of every random case: POSOFFLINE_SEED, or always the same. Printed, so that a failure can be repeated.
let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["POSOFFLINE_SEED"]
    guard let value = given.map({ UInt64($0) }) ?? 20_170_712 else {
        fatalError("POSOFFLINE_SEED is not a number: \(given ?? "")")
    }
    print("POSOFFLINE_SEED=\(value)")
    return value
}()

/// SplitMix64 (Steele, Lea and Flood, 2014). Each test has its own stream, by name.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(_ name: String) {
        state = seed
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
