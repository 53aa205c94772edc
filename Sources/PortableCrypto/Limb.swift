// The machine word of the arithmetic, and the basic operations on it.
//
// A limb is the target's native word. POSOFFLINE_LIMB32 forces 32-bit limbs on a 64-bit host. The tests compile the
// module with both widths, so that the code for 32-bit targets is tested too. All numbers are little-endian in limbs.
//
// Nothing here traps: every operation is total, and every carry is bounded by the argument in its comment.

#if _pointerBitWidth(_64) && !POSOFFLINE_LIMB32
typealias Limb = UInt64
typealias DoubleLimb = UInt128
typealias SignedLimb = Int64
typealias SignedDoubleLimb = Int128
#else
typealias Limb = UInt32
typealias DoubleLimb = UInt64
typealias SignedLimb = Int32
typealias SignedDoubleLimb = Int64
#endif

/// A fixed number of limbs. The arithmetic is generic over this type alone, so that the compiler specialises the code
/// of each curve.
protocol LimbVector: BitwiseCopyable, Sendable {
    static var count: Int { get }
    /// Zero.
    init()
    /// The limb of weight 2^(index * Limb.bitWidth). Traps outside 0..<count, which no caller can reach: every index
    /// is a loop counter or a masked value below a constant.
    subscript(_ index: Int) -> Limb { get set }
}

struct Limbs<let size: Int>: LimbVector {
    var storage: InlineArray<size, Limb>

    @inline(__always) static var count: Int { size }

    @inline(__always) init() { storage = InlineArray(repeating: 0) }

    @inline(__always) subscript(_ index: Int) -> Limb {
        get { storage[index] }
        set { storage[index] = newValue }
    }
}

/// a + b + carry, where carry is 0 or 1 before and after.
@inline(__always) func addWithCarry(_ a: Limb, _ b: Limb, _ carry: inout Limb) -> Limb {
    let sum = DoubleLimb(a) &+ DoubleLimb(b) &+ DoubleLimb(carry)
    carry = Limb(truncatingIfNeeded: sum &>> DoubleLimb(Limb.bitWidth))
    return Limb(truncatingIfNeeded: sum)
}

/// a - b - borrow, where borrow is 0 or 1 before and after.
@inline(__always) func subtractWithBorrow(_ a: Limb, _ b: Limb, _ borrow: inout Limb) -> Limb {
    let difference = DoubleLimb(a) &- DoubleLimb(b) &- DoubleLimb(borrow)
    borrow = Limb(truncatingIfNeeded: difference &>> DoubleLimb(Limb.bitWidth)) & 1
    return Limb(truncatingIfNeeded: difference)
}

/// a * b + c + carry; carry becomes the high limb. It cannot overflow: (w-1)^2 + 2(w-1) = w^2 - 1 for w = 2^bitWidth.
@inline(__always) func multiplyAdd(_ a: Limb, _ b: Limb, _ c: Limb, _ carry: inout Limb) -> Limb {
    let sum = DoubleLimb(a) &* DoubleLimb(b) &+ DoubleLimb(c) &+ DoubleLimb(carry)
    carry = Limb(truncatingIfNeeded: sum &>> DoubleLimb(Limb.bitWidth))
    return Limb(truncatingIfNeeded: sum)
}

extension LimbVector {
    /// From 64-bit pieces, least significant first. Pieces beyond the vector's width are ignored.
    @inline(__always) init(_ pieces: InlineArray<4, UInt64>) {
        self.init()
        for i in 0..<Self.count {
            let bit = i &* Limb.bitWidth
            self[i] = Limb(truncatingIfNeeded: pieces[(bit &>> 6) & 3] &>> UInt64(bit & 63))
        }
    }

    @inline(__always) var isZero: Bool {
        var union: Limb = 0
        for i in 0..<Self.count { union |= self[i] }
        return union == 0
    }

    @inline(__always) func isLess(than other: Self) -> Bool {
        var borrow: Limb = 0
        for i in 0..<Self.count { _ = subtractWithBorrow(self[i], other[i], &borrow) }
        return borrow != 0
    }

    /// self + other modulo 2^width; returns the carry, 0 or 1.
    @inline(__always) mutating func add(_ other: Self) -> Limb {
        var carry: Limb = 0
        for i in 0..<Self.count { self[i] = addWithCarry(self[i], other[i], &carry) }
        return carry
    }

    /// self - other modulo 2^width; returns the borrow, 0 or 1.
    @inline(__always) mutating func subtract(_ other: Self) -> Limb {
        var borrow: Limb = 0
        for i in 0..<Self.count { self[i] = subtractWithBorrow(self[i], other[i], &borrow) }
        return borrow
    }

    /// Reads a big-endian integer; nil when it does not fit. Leading zero bytes are ignored. Empty input is zero.
    init?(bigEndian bytes: Span<UInt8>) {
        self.init()
        // From the last byte on, a limb at a time. Unchecked: 0 <= left - 1 < bytes.count.
        var left = bytes.count
        for i in 0..<Self.count {
            var limb: Limb = 0
            var shift = 0
            while shift < Limb.bitWidth && left > 0 {
                left &-= 1
                limb |= Limb(bytes[unchecked: left]) &<< Limb(truncatingIfNeeded: shift)
                shift &+= 8
            }
            self[i] = limb
        }
        while left > 0 {
            left &-= 1
            if bytes[unchecked: left] != 0 { return nil }
        }
    }
}
