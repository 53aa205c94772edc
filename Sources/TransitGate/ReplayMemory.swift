import TransitCode
import TransitCrypto

/// Identifies a code by a digest of its signed content, not of its raw bytes (docs/rules.md, "Replay").
public struct ReplayIdentity: Equatable, BitwiseCopyable, Sendable {
    /// 127 bits of SHA-256 and a lowest bit of 1, so that an identity is never all zeros.
    fileprivate let high: UInt64
    fileprivate let low: UInt64
    /// The code's generation time, beside the digest.
    fileprivate let generated: UInt32

    /// SHA-256 over the credential and the generation time, which the signatures cover.
    public init<Backend: CryptoBackend>(of code: borrowing TransitCode, by backend: Backend.Type) {
        var signed = InlineArray<259, UInt8>(repeating: 0)
        let credential = code.credential.bytes
        var count = 0
        for index in credential.indices {
            signed[count] = credential[index]
            count &+= 1
        }
        for index in 0..<4 {
            signed[count] = UInt8(truncatingIfNeeded: code.generated >> UInt32(24 &- 8 &* index))
            count &+= 1
        }
        let digest = Backend.sha256(signed.span.extracting(first: count))
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            high = high << 8 | UInt64(digest[index])
            low = low << 8 | UInt64(digest[8 &+ index])
        }
        self.high = high
        self.low = low | 1
        generated = code.generated
    }
}

/// One slot of the replay memory. All zeros: empty.
public struct ReplaySlot: BitwiseCopyable, Sendable {
    var high: UInt64 = 0
    var low: UInt64 = 0
    /// The generation time, and the last second of the window.
    var generated: UInt32 = 0
    var lastSecond: UInt32 = 0

    public init() {}

    init(high: UInt64, low: UInt64, generated: UInt32, lastSecond: UInt32) {
        (self.high, self.low, self.generated, self.lastSecond) = (high, low, generated, lastSecond)
    }

    public init(_ identity: ReplayIdentity, until lastSecond: UInt32) {
        self.init(high: identity.high, low: identity.low, generated: identity.generated, lastSecond: lastSecond)
    }

    public var isEmpty: Bool { low == 0 }

    /// Whether the digest can be that of an identity.
    var isIdentity: Bool { low & 1 == 1 }
}

/// The latest generation time and the latest last second among evicted codes.
public struct EvictionWatermark: BitwiseCopyable, Sendable {
    var generated: UInt32
    var lastSecond: UInt32

    func joined(with other: EvictionWatermark?) -> EvictionWatermark {
        EvictionWatermark(
            generated: max(generated, other?.generated ?? 0), lastSecond: max(lastSecond, other?.lastSecond ?? 0))
    }
}

/// The accepted codes (docs/rules.md, "Replay").
///
/// A hash table with open addressing and linear probing. The owner keeps the slots; their number is a power of two. A
/// code is remembered until its window ends. Expired codes are evicted when room is needed, and the latest of their
/// times are kept as a watermark: after the clock is set back, a code whose times are not above it is refused, because
/// it may be one of those that were evicted.
public struct ReplayMemory: Sendable {
    /// The number of slots of a new table. A table has at least eight.
    public static let initialCapacity = 1024

    public private(set) var count = 0
    /// The latest times among evicted codes; nil when none was evicted.
    public private(set) var watermark: EvictionWatermark?

    public init() {}

    public enum Outcome: Equatable, Sendable {
        case remembered
        case duplicate
        /// The table is too full: call again with a larger one, or with `canGrow` false.
        case needsGrowth
    }

    public func contains(_ identity: ReplayIdentity, in slots: Span<ReplaySlot>) -> Bool {
        guard slots.count > 0 else { return false }
        return !slots[Self.find(identity, in: slots)].isEmpty
    }

    /// Remembers a code that has passed every other check.
    ///
    /// `canGrow` says whether the caller answers `.needsGrowth` with a larger table and another call. If not, the table
    /// is filled further, and `.needsGrowth` means that the code is not remembered.
    public mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, in slots: inout MutableSpan<ReplaySlot>,
        canGrow: Bool
    ) -> Outcome {
        guard slots.count >= 8 else { return .needsGrowth }
        if contains(identity, in: slots.span) { return .duplicate }
        if let watermark, identity.generated <= watermark.generated, lastSecond <= watermark.lastSecond {
            return .duplicate
        }
        if count >= Self.growthThreshold(slots.count) {
            removeExpired(now, in: &slots)
            // Unless a quarter of the slots is free now, the next sweep would come too soon to be worth it.
            let limit = canGrow ? slots.count / 2 : slots.count &- slots.count / 8
            guard count < limit else { return .needsGrowth }
        }
        insert(ReplaySlot(identity, until: lastSecond), into: &slots)
        return .remembered
    }

    /// Adds an entry of a journal, expired or not. `.needsGrowth` asks for a larger table.
    public mutating func restore(_ entry: JournalEntry, in slots: inout MutableSpan<ReplaySlot>) -> Outcome {
        switch entry {
        case .evicted(let times):
            watermark = times.joined(with: watermark)
        case .accepted(let slot):
            guard slots.count >= 8 else { return .needsGrowth }
            guard slots[Self.find(low: slot.low, high: slot.high, in: slots.span)].isEmpty else { return .duplicate }
            guard count < Self.growthThreshold(slots.count) else { return .needsGrowth }
            insert(slot, into: &slots)
        }
        return .remembered
    }

    /// Removes a code that was remembered just now.
    public mutating func rollBack(_ identity: ReplayIdentity, from slots: inout MutableSpan<ReplaySlot>) {
        let index = Self.find(identity, in: slots.span)
        guard !slots[index].isEmpty else { return }
        Self.remove(at: index, from: &slots)
        count &-= 1
    }

    /// Copies every code into a larger, empty table.
    public func move(from old: Span<ReplaySlot>, to new: inout MutableSpan<ReplaySlot>) {
        for index in old.indices where !old[index].isEmpty {
            let slot = old[index]
            new[Self.find(low: slot.low, high: slot.high, in: new.span)] = slot
        }
    }

    /// The number of slots with which a table takes `count` codes without growing.
    ///
    /// A journal that was written from a table has the table's order. For a table that grows meanwhile that is the
    /// worst order, because every entry is appended to a long cluster. In a table that is large enough the order does
    /// not matter.
    public static func capacity(for count: Int) -> Int {
        var capacity = initialCapacity
        while growthThreshold(capacity) < count { capacity &*= 2 }
        return capacity
    }

    /// The number of codes at which a table asks for growth: three quarters of its slots.
    private static func growthThreshold(_ capacity: Int) -> Int { capacity &- capacity / 4 }

    private mutating func insert(_ slot: ReplaySlot, into slots: inout MutableSpan<ReplaySlot>) {
        slots[Self.find(low: slot.low, high: slot.high, in: slots.span)] = slot
        count &+= 1
    }

    /// Evicts every code whose window has ended.
    public mutating func removeExpired(_ now: UInt32, in slots: inout MutableSpan<ReplaySlot>) {
        var index = 0
        while index < slots.count {
            let slot = slots[index]
            guard !slot.isEmpty, slot.lastSecond < now else {
                index &+= 1
                continue
            }
            watermark = EvictionWatermark(generated: slot.generated, lastSecond: slot.lastSecond)
                .joined(with: watermark)
            Self.remove(at: index, from: &slots)
            count &-= 1
            // Another slot may have moved here, so this index is examined again.
        }
    }

    /// Empties a slot and closes the gap, so that every identity stays reachable from its home slot.
    private static func remove(at index: Int, from slots: inout MutableSpan<ReplaySlot>) {
        let mask = slots.count &- 1
        var gap = index
        var probe = index
        while true {
            probe = (probe &+ 1) & mask
            let slot = slots[probe]
            if slot.isEmpty { break }
            // A slot may move into the gap only if the gap lies between its home and its place.
            let home = Self.home(low: slot.low, mask: mask)
            if (probe &- home) & mask >= (probe &- gap) & mask {
                slots[gap] = slot
                gap = probe
            }
        }
        slots[gap] = ReplaySlot()
    }

    private static func home(low: UInt64, mask: Int) -> Int {
        Int(truncatingIfNeeded: low >> 1) & mask
    }

    private static func find(_ identity: ReplayIdentity, in slots: Span<ReplaySlot>) -> Int {
        find(low: identity.low, high: identity.high, in: slots)
    }

    /// The slot that holds an identity, or the empty slot for it. A table always has an empty slot.
    private static func find(low: UInt64, high: UInt64, in slots: Span<ReplaySlot>) -> Int {
        let mask = slots.count &- 1
        var index = home(low: low, mask: mask)
        while !slots[index].isEmpty, slots[index].low != low || slots[index].high != high {
            index = (index &+ 1) & mask
        }
        return index
    }
}
