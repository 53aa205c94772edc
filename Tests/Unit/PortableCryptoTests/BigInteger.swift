// Non-negative integers with schoolbook algorithms, as a reference for the tests. The code is simple and unlike the
// code under test: it uses arrays of any length, and division instead of special reduction.

struct BigInteger: Comparable, Hashable, ExpressibleByIntegerLiteral {
    /// Least significant first, without zeros at the end.
    private(set) var digits: [UInt32]

    init(digits: [UInt32]) {
        self.digits = digits
        while self.digits.last == 0 { self.digits.removeLast() }
    }

    init(_ value: UInt64) { self.init(digits: [UInt32(value & 0xFFFF_FFFF), UInt32(value >> 32)]) }

    init(integerLiteral value: UInt64) { self.init(value) }

    init(hex: String) {
        var bytes: [UInt8] = []
        var text = Array(hex)
        if text.count % 2 == 1 { text.insert("0", at: 0) }
        for i in stride(from: 0, to: text.count, by: 2) { bytes.append(UInt8(String(text[i...i + 1]), radix: 16)!) }
        self.init(bytes: bytes)
    }

    init(bytes: [UInt8]) {
        var digits = [UInt32](repeating: 0, count: bytes.count / 4 + 1)
        for (i, byte) in bytes.reversed().enumerated() { digits[i / 4] |= UInt32(byte) << UInt32(8 * (i % 4)) }
        self.init(digits: digits)
    }

    /// Big-endian, in exactly `count` bytes.
    func bytes(_ count: Int) -> [UInt8] {
        precondition(bitLength <= 8 * count)
        return (0..<count).reversed().map { i in
            i / 4 < digits.count ? UInt8(truncatingIfNeeded: digits[i / 4] >> UInt32(8 * (i % 4))) : 0
        }
    }

    static func powerOfTwo(_ exponent: Int) -> BigInteger {
        BigInteger(digits: [UInt32](repeating: 0, count: exponent / 32) + [1 << UInt32(exponent % 32)])
    }

    var isZero: Bool { digits.isEmpty }

    var isOdd: Bool { (digits.first ?? 0) & 1 == 1 }

    var bitLength: Int { digits.isEmpty ? 0 : 32 * digits.count - digits.last!.leadingZeroBitCount }

    func bit(_ i: Int) -> Bool { i / 32 < digits.count && digits[i / 32] >> UInt32(i % 32) & 1 == 1 }

    static func < (a: BigInteger, b: BigInteger) -> Bool {
        if a.digits.count != b.digits.count { return a.digits.count < b.digits.count }
        for i in a.digits.indices.reversed() where a.digits[i] != b.digits[i] { return a.digits[i] < b.digits[i] }
        return false
    }

    static func + (a: BigInteger, b: BigInteger) -> BigInteger {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for i in 0...max(a.digits.count, b.digits.count) {
            carry += UInt64(i < a.digits.count ? a.digits[i] : 0) + UInt64(i < b.digits.count ? b.digits[i] : 0)
            sum.append(UInt32(carry & 0xFFFF_FFFF))
            carry >>= 32
        }
        return BigInteger(digits: sum)
    }

    /// Requires a >= b.
    static func - (a: BigInteger, b: BigInteger) -> BigInteger {
        var difference: [UInt32] = []
        var borrow: Int64 = 0
        for i in a.digits.indices {
            let value = Int64(a.digits[i]) - Int64(i < b.digits.count ? b.digits[i] : 0) - borrow
            borrow = value < 0 ? 1 : 0
            difference.append(UInt32(value + borrow << 32))
        }
        precondition(borrow == 0 && b.digits.count <= a.digits.count)
        return BigInteger(digits: difference)
    }

    static func * (a: BigInteger, b: BigInteger) -> BigInteger {
        var product = [UInt32](repeating: 0, count: a.digits.count + b.digits.count + 1)
        for i in a.digits.indices {
            var carry: UInt64 = 0
            for j in b.digits.indices {
                carry += UInt64(product[i + j]) + UInt64(a.digits[i]) * UInt64(b.digits[j])
                product[i + j] = UInt32(carry & 0xFFFF_FFFF)
                carry >>= 32
            }
            product[i + b.digits.count] = UInt32(carry)
        }
        return BigInteger(digits: product)
    }

    static func << (a: BigInteger, count: Int) -> BigInteger { a * powerOfTwo(count) }

    static func >> (a: BigInteger, count: Int) -> BigInteger {
        let words = count / 32
        if words >= a.digits.count { return 0 }
        let shift = UInt64(count % 32)
        return BigInteger(
            digits: (words..<a.digits.count).map { i in
                let above: UInt64 = i + 1 < a.digits.count ? UInt64(a.digits[i + 1]) : 0
                return UInt32((above << 32 | UInt64(a.digits[i])) >> shift & 0xFFFF_FFFF)
            })
    }

    /// Knuth, volume 2, section 4.3.1, algorithm D.
    func dividedBy(_ divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        precondition(!divisor.isZero)
        if self < divisor { return (0, self) }
        if divisor.digits.count == 1 {
            var quotient = digits
            var rest: UInt64 = 0
            for i in digits.indices.reversed() {
                rest = rest << 32 | UInt64(digits[i])
                quotient[i] = UInt32(rest / UInt64(divisor.digits[0]))
                rest %= UInt64(divisor.digits[0])
            }
            return (BigInteger(digits: quotient), BigInteger(rest))
        }
        let shift = divisor.digits.last!.leadingZeroBitCount
        let v = (divisor << shift).digits
        var u = (self << shift).digits
        let m = digits.count - v.count
        while u.count < digits.count + 1 { u.append(0) }
        var quotient = [UInt32](repeating: 0, count: m + 1)
        for j in (0...m).reversed() {
            let top = UInt64(u[j + v.count]) << 32 | UInt64(u[j + v.count - 1])
            var guess = top / UInt64(v.last!)
            var rest = top % UInt64(v.last!)
            while guess >> 32 != 0 || guess * UInt64(v[v.count - 2]) > rest << 32 | UInt64(u[j + v.count - 2]) {
                guess -= 1
                rest += UInt64(v.last!)
                if rest >> 32 != 0 { break }
            }
            var borrow: Int64 = 0
            var carry: UInt64 = 0
            for i in v.indices {
                carry += guess * UInt64(v[i])
                let value = Int64(u[i + j]) - borrow - Int64(carry & 0xFFFF_FFFF)
                carry >>= 32
                borrow = value < 0 ? 1 : 0
                u[i + j] = UInt32(value + borrow << 32)
            }
            let value = Int64(u[j + v.count]) - borrow - Int64(carry)
            if value < 0 {
                u[j + v.count] = UInt32(truncatingIfNeeded: value)
                guess -= 1
                var back: UInt64 = 0
                for i in v.indices {
                    back += UInt64(u[i + j]) + UInt64(v[i])
                    u[i + j] = UInt32(back & 0xFFFF_FFFF)
                    back >>= 32
                }
                u[j + v.count] = u[j + v.count] &+ UInt32(back)
            } else {
                u[j + v.count] = UInt32(value)
            }
            quotient[j] = UInt32(guess)
        }
        return (BigInteger(digits: quotient), BigInteger(digits: u) >> shift)
    }

    static func % (a: BigInteger, b: BigInteger) -> BigInteger { a.dividedBy(b).remainder }

    static func / (a: BigInteger, b: BigInteger) -> BigInteger { a.dividedBy(b).quotient }
}

/// Integers modulo m, always reduced.
struct Modulus {
    let m: BigInteger

    func add(_ a: BigInteger, _ b: BigInteger) -> BigInteger { (a + b) % m }

    func subtract(_ a: BigInteger, _ b: BigInteger) -> BigInteger { (a % m + (m - b % m)) % m }

    func negate(_ a: BigInteger) -> BigInteger { (m - a % m) % m }

    func multiply(_ a: BigInteger, _ b: BigInteger) -> BigInteger { a * b % m }

    func power(_ a: BigInteger, _ exponent: BigInteger) -> BigInteger {
        var result: BigInteger = 1
        for i in (0..<exponent.bitLength).reversed() {
            result = multiply(result, result)
            if exponent.bit(i) { result = multiply(result, a) }
        }
        return result % m
    }

    /// Euclid's algorithm, with separate signs. Nil when there is no inverse.
    func inverse(_ a: BigInteger) -> BigInteger? {
        var (r0, r1) = (m, a % m)
        var (t0, t1): (BigInteger, BigInteger) = (0, 1)
        while !r1.isZero {
            let (q, r) = r0.dividedBy(r1)
            (r0, r1) = (r1, r)
            (t0, t1) = (t1, subtract(t0, multiply(q % m, t1)))
        }
        return r0 == 1 ? t0 : nil
    }

    /// Requires m = 3 mod 4.
    func squareRoot(_ a: BigInteger) -> BigInteger? {
        let root = power(a, (m + 1) >> 2)
        return multiply(root, root) == a % m ? root : nil
    }
}

/// Affine points with textbook formulas. Nil is infinity.
struct ReferenceCurve {
    let field: Modulus
    let b: BigInteger
    let order: BigInteger
    let generator: Point

    struct Point: Hashable {
        var x: BigInteger
        var y: BigInteger
    }

    func contains(_ p: Point) -> Bool {
        let cube = field.multiply(field.multiply(p.x, p.x), p.x)
        return field.multiply(p.y, p.y) == field.add(cube, b)
    }

    func negate(_ p: Point?) -> Point? { p.map { Point(x: $0.x, y: field.negate($0.y)) } }

    func add(_ p: Point?, _ q: Point?) -> Point? {
        guard let p else { return q }
        guard let q else { return p }
        let slope: BigInteger
        if p.x == q.x {
            if field.add(p.y, q.y).isZero { return nil }
            slope = field.multiply(
                field.multiply(3, field.multiply(p.x, p.x)), field.inverse(field.add(p.y, p.y))!)
        } else {
            slope = field.multiply(field.subtract(q.y, p.y), field.inverse(field.subtract(q.x, p.x))!)
        }
        let x = field.subtract(field.multiply(slope, slope), field.add(p.x, q.x))
        return Point(x: x, y: field.subtract(field.multiply(slope, field.subtract(p.x, x)), p.y))
    }

    func multiply(_ k: BigInteger, _ p: Point?) -> Point? {
        var result: Point?
        for i in (0..<k.bitLength).reversed() {
            result = add(result, result)
            if k.bit(i) { result = add(result, p) }
        }
        return result
    }
}
