// Double-width products of limb vectors, by rows (Handbook of Applied Cryptography, algorithms 14.12 and 14.16).
//
// One row adds a[i] * b to the running product: with `multiplyAdd` the carry never exceeds a limb, and on ARMv6 and
// later each step is one UMAAL.

extension Curve {
    /// a * b.
    @inline(__always) static func product(_ a: Words, _ b: Words) -> Wide {
        var wide = Wide()
        // The rows are written out, because the optimiser would not unroll a loop over them and would keep all limbs in
        // memory. The conditions are constants.
        addRow(a[0], b, &wide, 0)
        addRow(a[1], b, &wide, 1)
        addRow(a[2], b, &wide, 2)
        if Words.count > 3 { addRow(a[3], b, &wide, 3) }
        if Words.count > 4 { addRow(a[4], b, &wide, 4) }
        if Words.count > 5 { addRow(a[5], b, &wide, 5) }
        if Words.count > 6 { addRow(a[6], b, &wide, 6) }
        if Words.count > 7 { addRow(a[7], b, &wide, 7) }
        return wide
    }

    /// wide += limb * b * 2^(i * bitWidth), where wide is zero from limb i + count on.
    @inline(__always) private static func addRow(_ limb: Limb, _ b: Words, _ wide: inout Wide, _ i: Int) {
        var carry: Limb = 0
        for j in 0..<Words.count { wide[i &+ j] = multiplyAdd(limb, b[j], wide[i &+ j], &carry) }
        wide[i &+ Words.count] = carry
    }

    /// a * b as a call, for callers that need small code more than speed.
    @inline(never) static func calledProduct(_ a: Words, _ b: Words) -> Wide { product(a, b) }

    /// a * a: the products of different limbs once, doubled, then the squares of the limbs.
    @inline(__always) static func square(_ a: Words) -> Wide {
        var wide = Wide()
        addUpperRow(a, &wide, 0)
        addUpperRow(a, &wide, 1)
        if Words.count > 3 { addUpperRow(a, &wide, 2) }
        if Words.count > 4 { addUpperRow(a, &wide, 3) }
        if Words.count > 5 { addUpperRow(a, &wide, 4) }
        if Words.count > 6 { addUpperRow(a, &wide, 5) }
        if Words.count > 7 { addUpperRow(a, &wide, 6) }
        // Doubling loses nothing: twice the sum of the mixed products is less than a * a, below 2^(2 * bits).
        var top: Limb = 0
        var carry: Limb = 0
        for i in 0..<Words.count {
            let low = wide[2 &* i]
            let high = wide[2 &* i &+ 1]
            let square = DoubleLimb(a[i]) &* DoubleLimb(a[i])
            wide[2 &* i] = addWithCarry(low &<< 1 | top, Limb(truncatingIfNeeded: square), &carry)
            wide[2 &* i &+ 1] = addWithCarry(
                high &<< 1 | low &>> Limb(Limb.bitWidth &- 1),
                Limb(truncatingIfNeeded: square &>> DoubleLimb(Limb.bitWidth)), &carry)
            top = high &>> Limb(Limb.bitWidth &- 1)
        }
        return wide
    }

    /// wide += a[i] * (the limbs of a above i), where wide is zero from limb i + count on.
    @inline(__always) private static func addUpperRow(_ a: Words, _ wide: inout Wide, _ i: Int) {
        var carry: Limb = 0
        for j in i &+ 1..<Words.count { wide[i &+ j] = multiplyAdd(a[i], a[j], wide[i &+ j], &carry) }
        wide[i &+ Words.count] = carry
    }

    /// a * b modulo 2^bits.
    @inline(never) static func lowProduct(_ a: Words, _ b: Words) -> Words {
        var low = Words()
        for i in 0..<Words.count {
            var carry: Limb = 0
            for j in 0..<Words.count &- i { low[i &+ j] = multiplyAdd(a[i], b[j], low[i &+ j], &carry) }
        }
        return low
    }
}
