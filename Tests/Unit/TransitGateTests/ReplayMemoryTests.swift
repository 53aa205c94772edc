import TestSupport
import Testing
import TransitCode
import TransitGate

/// A replay memory together with its slots, which its owner holds.
struct Table {
    private(set) var memory = ReplayMemory()
    private(set) var slots: [ReplaySlot]

    init(_ capacity: Int) { slots = Array(repeating: ReplaySlot(), count: capacity) }

    func contains(_ identity: ReplayIdentity) -> Bool { memory.contains(identity, in: slots.span) }

    mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, canGrow: Bool
    ) -> ReplayMemory.Outcome {
        Self.run(&memory, &slots) {
            $0.remember(identity, until: lastSecond, now: now, in: &$1, canGrow: canGrow)
        }
    }

    mutating func grow() {
        var larger = Array(repeating: ReplaySlot(), count: slots.count * 2)
        var span = larger.mutableSpan
        memory.move(from: slots.span, to: &span)
        slots = larger
    }

    mutating func restore(_ entry: JournalEntry) -> ReplayMemory.Outcome {
        Self.run(&memory, &slots) { $0.restore(entry, in: &$1) }
    }

    mutating func rollBack(_ identity: ReplayIdentity) {
        Self.run(&memory, &slots) { $0.rollBack(identity, from: &$1) }
    }

    mutating func removeExpired(_ now: UInt32) { Self.run(&memory, &slots) { $0.removeExpired(now, in: &$1) } }

    private static func run<Result>(
        _ memory: inout ReplayMemory, _ slots: inout [ReplaySlot],
        _ body: (inout ReplayMemory, inout MutableSpan<ReplaySlot>) -> Result
    ) -> Result {
        var span = slots.mutableSpan
        return body(&memory, &span)
    }

    /// Accepts a code as the library does: doubles the table when that is needed and memory is available.
    mutating func accept(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, hasMemory: Bool = true
    ) -> ReplayMemory.Outcome {
        let outcome = remember(identity, until: lastSecond, now: now, canGrow: true)
        guard outcome == .needsGrowth else { return outcome }
        if hasMemory { grow() }
        return remember(identity, until: lastSecond, now: now, canGrow: hasMemory)
    }
}

/// docs/rules.md, "Replay".
@Suite struct ReplayMemoryTests {
    private func identities(_ count: Int, home: (Int) -> Int = { $0 }) throws -> [ReplayIdentity] {
        try (0..<count).map { try .at(home: home($0), tag: $0) }
    }

    @Test func `what is remembered is contained, and is a duplicate`() throws {
        var table = Table(8)
        let ids = try identities(3, home: { _ in 5 })
        for (index, id) in ids.enumerated() {
            #expect(!table.contains(id))
            #expect(table.remember(id, until: 100, now: 50, canGrow: true) == .remembered)
            #expect(table.contains(id))
            #expect(table.memory.count == index + 1)
        }
        for id in ids { #expect(table.remember(id, until: 100, now: 50, canGrow: true) == .duplicate) }
        #expect(table.memory.count == 3)
        // The second call has other times.
        #expect(table.remember(ids[0], until: 5000, now: 4000, canGrow: true) == .duplicate)
    }

    @Test func `identities that differ in one half only are two`() throws {
        var table = Table(8)
        let low = try ReplayIdentity.choosing(high: 1, low: 4)
        let otherHigh = try ReplayIdentity.choosing(high: 2, low: 4)
        let otherLow = try ReplayIdentity.choosing(high: 1, low: 4 + 16)
        #expect(table.remember(low, until: 9, now: 0, canGrow: true) == .remembered)
        #expect(!table.contains(otherHigh))
        #expect(!table.contains(otherLow))
        #expect(table.remember(otherHigh, until: 9, now: 0, canGrow: true) == .remembered)
        #expect(table.remember(otherLow, until: 9, now: 0, canGrow: true) == .remembered)
    }

    @Test func `an identity of all zeros is an identity`() throws {
        var table = Table(8)
        let zero = try ReplayIdentity.choosing(high: 0, low: 0)
        #expect(!table.contains(zero))
        #expect(table.remember(zero, until: 0, now: 0, canGrow: true) == .remembered)
        #expect(table.contains(zero))
        #expect(table.remember(zero, until: 0, now: 0, canGrow: true) == .duplicate)
    }

    @Test func `without slots nothing is contained and nothing is remembered`() throws {
        var table = Table(0)
        let id = try ReplayIdentity.at(home: 0, tag: 0)
        #expect(!table.contains(id))
        #expect(table.remember(id, until: 9, now: 0, canGrow: true) == .needsGrowth)
        #expect(table.remember(id, until: 9, now: 0, canGrow: false) == .needsGrowth)
        #expect(table.memory.count == 0)
    }

    @Test(arguments: [8, 16, 64, 1024])
    func `a table asks for more at three quarters, and takes seven eighths when there is no more`(capacity: Int)
        throws
    {
        let ids = try identities(capacity)
        var growing = Table(capacity)
        for (index, id) in ids.enumerated() {
            let expected: ReplayMemory.Outcome = index < capacity * 3 / 4 ? .remembered : .needsGrowth
            #expect(growing.remember(id, until: 100, now: 100, canGrow: true) == expected)
            #expect(growing.contains(id) == (expected == .remembered))
        }
        #expect(growing.memory.count == capacity * 3 / 4)
        var fixed = Table(capacity)
        for (index, id) in ids.enumerated() {
            let expected: ReplayMemory.Outcome = index < capacity * 7 / 8 ? .remembered : .needsGrowth
            #expect(fixed.remember(id, until: 100, now: 100, canGrow: false) == expected)
            #expect(fixed.contains(id) == (expected == .remembered))
        }
        #expect(fixed.memory.count == capacity * 7 / 8)
        for id in ids.prefix(capacity * 7 / 8) {
            #expect(fixed.remember(id, until: 100, now: 100, canGrow: false) == .duplicate)
        }
    }

    @Test func `a sweep that frees less than a quarter asks for more room, one that frees a quarter does not`() throws {
        for (past, expected) in [
            (0, .needsGrowth), (1, .needsGrowth), (2, .needsGrowth), (3, .remembered), (6, .remembered),
        ]
            as [(Int, ReplayMemory.Outcome)]
        {
            let ids = try identities(7)
            var table = Table(8)
            for index in 0..<6 {
                #expect(
                    table.remember(ids[index], until: index < past ? 10 : 20, now: 5, canGrow: true) == .remembered)
            }
            // When three of six expire, three are left: less than half of the eight slots, so no growth is needed.
            #expect(table.remember(ids[6], until: 20, now: 11, canGrow: true) == expected, "\(past)")
            #expect(table.contains(ids[6]) == (expected == .remembered))
        }
    }

    /// A code is kept through the last second of its window.
    @Test(arguments: [(100, true), (101, false)] as [(UInt32, Bool)])
    func `a sweep drops what is past its last second, and not before`(now: UInt32, isKept: Bool) throws {
        let ids = try identities(8)
        var table = Table(8)
        for id in ids.prefix(7) { _ = table.remember(id, until: 100, now: 50, canGrow: false) }
        let outcome = table.remember(ids[7], until: 200, now: now, canGrow: false)
        #expect(outcome == (isKept ? .needsGrowth : .remembered))
        for id in ids.prefix(7) { #expect(table.contains(id) == isKept) }
        #expect(table.memory.count == (isKept ? 7 : 1))
    }

    @Test func `when the clock goes back, what may have been forgotten is refused`() throws {
        let ids = try identities(12)
        var table = Table(8)
        for (index, id) in ids.prefix(7).enumerated() {
            _ = table.remember(id, until: 100 + UInt32(index), now: 50, canGrow: false)
        }
        #expect(table.remember(ids[7], until: 1000, now: 900, canGrow: false) == .remembered)
        #expect(table.memory.count == 1)
        // The codes are evicted and still refused: the watermark is 106, the latest second of an evicted code.
        for (index, id) in ids.prefix(7).enumerated() {
            #expect(!table.contains(id))
            #expect(table.remember(id, until: 100 + UInt32(index), now: 50, canGrow: false) == .duplicate)
        }
        #expect(table.remember(ids[8], until: 106, now: 50, canGrow: true) == .duplicate)
        #expect(table.remember(ids[9], until: 107, now: 50, canGrow: true) == .remembered)
        #expect(table.remember(ids[10], until: 0, now: 0, canGrow: true) == .duplicate)
    }

    @Test func `a later sweep of earlier codes does not lower the mark`() throws {
        let ids = try identities(20)
        var table = Table(8)
        for id in ids.prefix(7) { _ = table.remember(id, until: 500, now: 50, canGrow: false) }
        #expect(table.remember(ids[7], until: 501, now: 501, canGrow: false) == .remembered)
        for index in 8..<14 {
            #expect(table.remember(ids[index], until: 502, now: 400, canGrow: false) == .remembered)
        }
        #expect(table.remember(ids[14], until: 1000, now: 503, canGrow: false) == .remembered)
        #expect(table.remember(ids[15], until: 502, now: 400, canGrow: false) == .duplicate)
        #expect(table.remember(ids[15], until: 503, now: 400, canGrow: false) == .remembered)
    }

    @Test func `codes that last to the end of time are never dropped`() throws {
        let ids = try identities(8)
        var table = Table(8)
        for id in ids.prefix(7) { _ = table.remember(id, until: .max, now: .max, canGrow: false) }
        #expect(table.remember(ids[7], until: .max, now: .max, canGrow: false) == .needsGrowth)
        for id in ids.prefix(7) { #expect(table.contains(id)) }
    }

    @Test func `a code that ends at second 0 can be dropped and stays refused`() throws {
        let ids = try identities(9)
        var table = Table(8)
        for id in ids.prefix(7) { #expect(table.remember(id, until: 0, now: 0, canGrow: false) == .remembered) }
        #expect(table.remember(ids[7], until: 5, now: 1, canGrow: false) == .remembered)
        #expect(table.remember(ids[0], until: 0, now: 0, canGrow: false) == .duplicate)
        #expect(table.remember(ids[8], until: 1, now: 0, canGrow: false) == .remembered)
    }

    @Test func `growth keeps every code reachable`() throws {
        // The home of all codes is the last slot of any table, so every probe wraps around.
        let ids = try identities(500, home: { _ in -1 & 0xFFFF })
        var table = Table(8)
        for (index, id) in ids.enumerated() {
            #expect(table.accept(id, until: 100, now: 100) == .remembered)
            #expect(table.memory.count == index + 1)
        }
        #expect(table.slots.count == 1024)
        for id in ids { #expect(table.contains(id)) }
        for id in ids { #expect(table.accept(id, until: 100, now: 100) == .duplicate) }
    }

    /// All clusters of six codes around the end of a table of eight slots, and all subsets that expire.
    @Test func `removal keeps the rest reachable, however clusters wrap`() throws {
        let homes = [6, 7, 0]
        var known: [[ReplayIdentity]] = []
        for home in homes { known.append(try (0..<6).map { try .at(home: home, tag: $0) }) }
        let newcomer = try ReplayIdentity.at(home: 3, tag: 99)
        var mistakes = 0
        for arrangement in 0..<729 {
            var rest = arrangement
            let ids = (0..<6).map { index in
                defer { rest /= 3 }
                return known[rest % 3][index]
            }
            for past in 0..<64 {
                var table = Table(8)
                for (index, id) in ids.enumerated() {
                    let isPast = past >> index & 1 == 1
                    if table.remember(id, until: isPast ? 10 : 20, now: 5, canGrow: false) != .remembered {
                        mistakes += 1
                    }
                }
                if table.remember(newcomer, until: 30, now: 15, canGrow: false) != .remembered { mistakes += 1 }
                for (index, id) in ids.enumerated() where table.contains(id) != (past >> index & 1 == 0) {
                    mistakes += 1
                }
                if table.memory.count != 7 - past.nonzeroBitCount { mistakes += 1 }
            }
        }
        #expect(mistakes == 0)
    }
}

/// Compares the memory with a dictionary that keeps every code.
@Suite struct ReplayModelTests {
    /// A code as a gate sees it.
    struct Code {
        let identity: ReplayIdentity
        let generated: UInt32
        let window: UInt32
        var lastSecond: UInt32 { generated + window }
    }

    struct Model {
        var accepted: [Int: UInt32] = [:]
        /// The latest time passed to the memory.
        var latest: UInt32 = 0
        var hasGoneBack = false
    }

    /// Presents random codes within their windows and checks every answer. Returns the number of each answer.
    private func run(
        _ name: String, capacity: Int, homes: Int, steps: Int, hasMemory: (Int) -> Bool,
        clock: (Int, inout Random) -> UInt32
    ) throws -> (remembered: Int, duplicate: Int, needsGrowth: Int, refusedFresh: Int, table: Table) {
        var random = Random(name)
        var table = Table(capacity)
        var model = Model()
        var codes: [Code] = []
        var tally = (remembered: 0, duplicate: 0, needsGrowth: 0, refusedFresh: 0, table: table)
        for step in 0..<steps {
            let now = clock(step, &random)
            model.hasGoneBack = model.hasGoneBack || now < model.latest
            model.latest = max(model.latest, now)

            // An earlier code if it is in its window, or a new one with a time in the past or future that its window
            // allows.
            var index = codes.count
            if !codes.isEmpty, random.below(3) == 0 {
                let candidate =
                    random.below(2) == 0 ? random.below(codes.count) : max(0, codes.count - 1 - random.below(20))
                let distance = abs(Int(codes[candidate].generated) - Int(now))
                if distance <= Int(codes[candidate].window) { index = candidate }
            }
            if index == codes.count {
                let window = UInt32(random.below(2) == 0 ? random.below(10) : random.below(200))
                let shift = Int(window) - random.below(2 * Int(window) + 1)
                codes.append(
                    Code(
                        identity: try .at(home: random.below(homes), tag: index),
                        generated: UInt32(max(0, Int(now) + shift)),
                        window: window))
            }
            let code = codes[index]
            let known = model.accepted[index] != nil

            // A live code is in the table. A code that was not accepted is not.
            if let lastSecond = model.accepted[index], lastSecond >= model.latest {
                #expect(table.contains(code.identity), "step \(step)")
            }
            if !known { #expect(!table.contains(code.identity), "step \(step)") }

            let before = table.memory.count
            switch table.accept(code.identity, until: code.lastSecond, now: now, hasMemory: hasMemory(step)) {
            case .remembered:
                #expect(!known, "accepted twice, step \(step)")
                #expect(table.contains(code.identity))
                model.accepted[index] = code.lastSecond
                tally.remembered += 1
            case .duplicate:
                if !known {
                    // A false refusal: the clock went back to a time whose codes are evicted.
                    #expect(model.hasGoneBack, "step \(step)")
                    #expect(code.lastSecond < model.latest, "step \(step)")
                    tally.refusedFresh += 1
                }
                #expect(table.memory.count <= before)
                tally.duplicate += 1
            case .needsGrowth:
                #expect(!known)
                #expect(!hasMemory(step), "step \(step)")
                #expect(!table.contains(code.identity))
                #expect(table.memory.count >= table.slots.count * 3 / 4)
                tally.needsGrowth += 1
            }
            #expect(table.memory.count <= table.slots.count * 7 / 8)
            if step % 64 == 0 {
                let held = codes.filter { table.contains($0.identity) }.count
                #expect(held == table.memory.count, "step \(step)")
                for (index, lastSecond) in model.accepted where lastSecond >= model.latest {
                    #expect(table.contains(codes[index].identity), "step \(step)")
                }
            }
        }
        tally.table = table
        return tally
    }

    @Test func `a clock that goes forward: exact`() throws {
        let tally = try run("forward", capacity: 8, homes: 1 << 20, steps: 6000, hasMemory: { _ in true }) {
            step, _ in
            1_000_000 + UInt32(step / 4)
        }
        #expect(tally.refusedFresh == 0)
        #expect(tally.needsGrowth == 0)
        #expect(tally.duplicate > 500)
        // The size depends on the window, not on the history: about 400 seconds with four codes each.
        #expect(tally.table.slots.count <= 4096)
        #expect(tally.remembered > tally.table.slots.count / 2)
    }

    @Test func `eight homes at a table's end: exact all the same`() throws {
        let tally = try run("clusters", capacity: 8, homes: 8, steps: 4000, hasMemory: { _ in true }) { step, _ in
            1_000_000 + UInt32(step)
        }
        #expect(tally.refusedFresh == 0)
        #expect(tally.duplicate > 300)
    }

    @Test(arguments: [8, 16, 64])
    func `no memory to grow: a full table refuses, and takes codes again when time has passed`(capacity: Int) throws {
        let tally = try run(
            "full \(capacity)", capacity: capacity, homes: capacity, steps: 4000, hasMemory: { _ in false }
        ) {
            step, _ in 1_000_000 + UInt32(step / 3)
        }
        #expect(tally.table.slots.count == capacity)
        #expect(tally.needsGrowth > 100)
        #expect(tally.remembered > capacity)
        #expect(tally.refusedFresh == 0)
    }

    @Test func `memory runs out while time stands still, and time makes room again`() throws {
        let tally = try run("scarce", capacity: 8, homes: 64, steps: 6000, hasMemory: { $0 < 1500 }) { step, _ in
            switch step {
            case ..<1000: 1_000_000 + UInt32(step / 2)
            case ..<5000: 1_000_500
            default: 1_000_500 + UInt32(step - 5000)
            }
        }
        #expect(tally.needsGrowth > 100)
        #expect(tally.remembered > 1500)
        #expect(tally.refusedFresh == 0)
    }

    @Test func `no clock makes a code good twice`() throws {
        let year: UInt32 = 31_536_000
        let tally = try run("jumps", capacity: 8, homes: 1 << 16, steps: 12_000, hasMemory: { $0 % 7 != 0 }) {
            step, random in
            let base: UInt32 = 1_500_000_000 + UInt32(step / 8)
            return switch step / 100 % 10 {
            case 1: base - 150
            case 3: UInt32(step % 300)
            case 4: base + year
            case 6: base + UInt32(random.below(400)) - 200
            case 8: base + 65_535
            default: base
            }
        }
        #expect(tally.remembered > 1000)
        #expect(tally.duplicate > 500)
        #expect(tally.refusedFresh > 0)
    }

    @Test func `a clock that wanders by seconds refuses little`() throws {
        let tally = try run("wander", capacity: 8, homes: 1 << 16, steps: 6000, hasMemory: { _ in true }) {
            step, random in
            1_500_000_000 + UInt32(step / 4) + UInt32(random.below(5))
        }
        #expect(tally.refusedFresh < tally.remembered / 100)
        #expect(tally.remembered > 3000)
    }
}
