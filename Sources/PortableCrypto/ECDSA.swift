// ECDSA verification (SEC 1, section 4.1.4) of a DER signature, in variable time: for public data only.

import TransitCrypto

extension Curve {
    /// Whether `signature` is `key`'s signature of `digest`. The signature is strict DER, with a low or a high s. The
    /// digest is truncated to the bit length of n.
    static func verify(_ key: AffinePoint<Self>, digest: Span<UInt8>, signature: Span<UInt8>) -> Bool {
        guard
            let parts = DERSignature(signature),
            let r = Scalar<Self>(nonzero: parts.r),
            let s = Scalar<Self>(nonzero: parts.s)
        else { return false }
        return verify(key, digest: Scalar<Self>.truncated(digest: digest), r: r, s: s)
    }

    /// Verifies a digest that is an integer below 2^bits.
    static func verify(_ key: AffinePoint<Self>, digest: Words, r: Scalar<Self>, s: Scalar<Self>) -> Bool {
        // In Montgomery form, so that a plain operand gives a plain product.
        let w = Scalar<Self>.montgomeryProduct(inverse(s.words), montgomeryFactor)
        let u1 = Scalar<Self>.montgomeryProduct(digest, w)
        let u2 = Scalar<Self>.montgomeryProduct(r.words, w)
        let sum = linearCombination(u1, u2, key)
        if sum.isInfinity { return false }
        // x mod n = r, with x = X / Z^2 below p < 2n: x is r or r + n. Multiplied out, to save the inversion.
        let square = sum.z.squared
        if (Field<Self>(r.words) * square).equals(sum.x) { return true }
        if !r.words.isLess(than: primeMinusOrder) { return false }
        var candidate = r.words
        _ = candidate.add(order)
        return (Field<Self>(candidate) * square).equals(sum.x)
    }
}
