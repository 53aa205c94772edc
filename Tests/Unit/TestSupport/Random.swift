import Foundation

/// SplitMix64 (Steele, Lea and Flood, 2014). Each test has its own sequence, selected by name.
public struct Random: RandomNumberGenerator {
    private var state: UInt64

    public init(_ name: String, seed: UInt64 = TestSupport.seed) {
        state = seed
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    public mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// The seed of all random cases: POSOFFLINE_SEED, or a constant. It is printed, so that a failing run can be repeated.
public let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["POSOFFLINE_SEED"]
    guard let value = given.map({ UInt64($0) }) ?? 20_170_712 else {
        fatalError("POSOFFLINE_SEED is not a number: \(given ?? "")")
    }
    print("POSOFFLINE_SEED=\(value)")
    return value
}()
