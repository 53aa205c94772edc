// The field of p = 2^bits - c elements, c = 2^32 + tail < 2^33, in full-width limbs.
//
// An element is stored as any integer of the limbs' width. So one element may have two representations, v and v + p.
// Operations accept and return both; only `canonical` and the comparisons tell them apart. Variable time: for public
// data only.
//
// Reduction rests on 2^bits = c (mod p): what overflows the top limb is multiplied by c and added at the bottom. The
// bounds that make each carry chain end are in the comments and in docs/arithmetic.md.

struct Field<C: Curve>: BitwiseCopyable, Sendable {
    var words: C.Words

    @inline(__always) init(_ words: C.Words) { self.words = words }

    @inline(__always) static var zero: Field { Field(C.Words()) }

    @inline(__always) static var one: Field {
        var words = C.Words()
        words[0] = 1
        return Field(words)
    }

    /// Limb `index` of c: one limb of 64 bits, or two of 32.
    @inline(__always) static func tailLimb(_ index: Int) -> Limb {
        let bit = index &* Limb.bitWidth
        return bit < 64 ? Limb(truncatingIfNeeded: ((1 as UInt64) &<< 32 | UInt64(C.tail)) &>> UInt64(bit)) : 0
    }

    /// words + carry * 2^bits, for a carry of 0 or 1.
    @inline(__always) init(_ words: C.Words, carry: Limb) {
        self.words = words
        let mask = 0 &- carry
        var again: Limb = 0
        for i in 0..<C.Words.count {
            self.words[i] = addWithCarry(self.words[i], Self.tailLimb(i) & mask, &again)
        }
        // What is left after a second overflow is below c, so a third cannot happen.
        if again != 0 { self.words = Self.addingTail(self.words) }
    }

    /// words + c, without the carry. A second overflow is rare, so this is a call outside the usual path.
    @inline(never) static func addingTail(_ words: C.Words) -> C.Words {
        var sum = words
        var carry: Limb = 0
        for i in 0..<C.Words.count { sum[i] = addWithCarry(sum[i], tailLimb(i), &carry) }
        return sum
    }

    /// words - c without the borrow.
    @inline(never) static func subtractingTail(_ words: C.Words) -> C.Words {
        var difference = words
        var borrow: Limb = 0
        for i in 0..<C.Words.count { difference[i] = subtractWithBorrow(difference[i], tailLimb(i), &borrow) }
        return difference
    }

    // Inlined on 64-bit targets, which have few limbs. A call on 32-bit targets, to save code size.
    #if _pointerBitWidth(_64)
    @inline(__always)
    #else
    @inline(never)
    #endif
    static func + (a: Field, b: Field) -> Field {
        var sum = a.words
        let carry = sum.add(b.words)
        return Field(sum, carry: carry)
    }

    #if _pointerBitWidth(_64)
    @inline(__always)
    #else
    @inline(never)
    #endif
    static func - (a: Field, b: Field) -> Field {
        var difference = a
        let mask = 0 &- difference.words.subtract(b.words)
        var again: Limb = 0
        for i in 0..<C.Words.count {
            difference.words[i] = subtractWithBorrow(difference.words[i], tailLimb(i) & mask, &again)
        }
        // What is left after a second borrow is at least 2^bits - c, so a third cannot happen.
        if again != 0 { difference.words = subtractingTail(difference.words) }
        return difference
    }

    @inline(__always) static prefix func - (a: Field) -> Field { zero - a }

    /// self / 2. Of v and v + p, the even one is shifted. v + p = v - c + 2^bits, so v + p has a carry unless v - c
    /// borrows.
    #if _pointerBitWidth(_64)
    @inline(__always)
    #else
    @inline(never)
    #endif
    var half: Field {
        var result = self
        let mask = 0 &- (words[0] & 1)
        var borrow: Limb = 0
        for i in 0..<C.Words.count {
            result.words[i] = subtractWithBorrow(words[i], Self.tailLimb(i) & mask, &borrow)
        }
        var top = mask &+ borrow
        var i = C.Words.count
        while i > 0 {
            i &-= 1
            let limb = result.words[i]
            result.words[i] = limb &>> 1 | top &<< Limb(Limb.bitWidth &- 1)
            top = limb
        }
        return result
    }

    @inline(never) static func * (a: Field, b: Field) -> Field { Field(reducing: C.product(a.words, b.words)) }

    @inline(never) var squared: Field { Field(reducing: C.square(words)) }

    /// self^(2^times).
    @inline(never) func squared(times: Int) -> Field {
        var result = self
        var left = times
        while left > 0 {
            result = result.squared
            left &-= 1
        }
        return result
    }

    /// Reduces an integer of double width.
    @inline(__always) init(reducing wide: C.Wide) {
        let count = C.Words.count
        words = C.Words()
        var carry: Limb = 0
        #if _pointerBitWidth(_64) && !POSOFFLINE_LIMB32
        // low + high * c. The carry out is at most c: high * c + low < 2^bits * (c + 1).
        for i in 0..<count {
            words[i] = multiplyAdd(wide[count &+ i], Self.tailLimb(0), wide[i], &carry)
        }
        // carry * c < 2^66 + ..., two limbs.
        var high: Limb = 0
        words[0] = multiplyAdd(carry, Self.tailLimb(0), words[0], &high)
        carry = 0
        words[1] = addWithCarry(words[1], high, &carry)
        for i in 2..<count { words[i] = addWithCarry(words[i], 0, &carry) }
        #else
        // c is two limbs, tail and 1: high * c is high * tail plus high shifted by one limb. Each sum is below
        // 2^32 * 2^13 + 3 * 2^32 < 2^46.
        let tail = UInt64(C.tail)
        var above: UInt64 = 0
        var sum: UInt64 = 0
        for i in 0..<count {
            let high = UInt64(wide[count &+ i])
            sum = sum &>> 32 &+ high &* tail &+ above &+ UInt64(wide[i])
            words[i] = Limb(truncatingIfNeeded: sum)
            above = high
        }
        // What overflowed, below 2^33, is multiplied by c in the same way.
        let rest = sum &>> 32 &+ above
        sum = UInt64(words[0]) &+ rest &* tail
        words[0] = Limb(truncatingIfNeeded: sum)
        sum = sum &>> 32 &+ UInt64(words[1]) &+ rest
        words[1] = Limb(truncatingIfNeeded: sum)
        for i in 2..<count {
            sum = sum &>> 32 &+ UInt64(words[i])
            words[i] = Limb(truncatingIfNeeded: sum)
        }
        carry = Limb(truncatingIfNeeded: sum &>> 32)
        #endif
        // After an overflow here the value is below 2^68, far from a second one.
        if carry != 0 { words = Self.addingTail(words) }
    }

    /// The representative below p. v >= p exactly when v + c overflows, and then v + c - 2^bits = v - p.
    var canonical: C.Words {
        var reduced = C.Words()
        var carry: Limb = 0
        for i in 0..<C.Words.count { reduced[i] = addWithCarry(words[i], Self.tailLimb(i), &carry) }
        return carry != 0 ? reduced : words
    }

    /// Whether self is 0 modulo p, stored as 0 or as p. The lowest limb alone decides nearly every case.
    @inline(__always) var isZero: Bool {
        let low = words[0]
        if low != 0 && low != 0 &- Self.tailLimb(0) { return false }
        return canonical.isZero
    }

    @inline(__always) func equals(_ other: Field) -> Bool { (self - other).isZero }

    @inline(__always) var isOdd: Bool { canonical[0] & 1 != 0 }

    /// Reads a big-endian integer; nil unless it is below p.
    init?(bigEndian bytes: Span<UInt8>) {
        guard let words = C.Words(bigEndian: bytes) else { return nil }
        self.words = words
        var carry: Limb = 0
        for i in 0..<C.Words.count { _ = addWithCarry(words[i], Self.tailLimb(i), &carry) }
        if carry != 0 { return nil }
    }
}
