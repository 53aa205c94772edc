import Foundation
import TestSupport
import Testing

/// The seed of all random cases in a run: from POSOFFLINE_SEED, or new each time. It is printed, so that a failing run
/// can be repeated.
let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["POSOFFLINE_SEED"]
    guard let value = given.map({ UInt64($0) }) ?? UInt64.random(in: 0...UInt64.max) else {
        fatalError("POSOFFLINE_SEED is not a number: \(given ?? "")")
    }
    print("POSOFFLINE_SEED=\(value) (\(Limb.bitWidth)-bit limbs)")
    return value
}()

extension Random {
    /// The random numbers of one test, derived from the seed of the run.
    static func named(_ name: String) -> Random { Random(name, seed: seed) }
}

extension Random {
    mutating func integer(bits: Int) -> BigInteger {
        BigInteger(bytes: bytes((bits + 7) / 8)) % BigInteger.powerOfTwo(bits)
    }

    /// An integer of the given width that often hits an edge: random, near zero or the maximum, near a given number,
    /// near a power of two, or with long runs of ones and zeros.
    mutating func structured(bits: Int, near marks: [BigInteger]) -> BigInteger {
        let top = BigInteger.powerOfTwo(bits)
        let small = BigInteger(next() % 8)
        func wrap(_ a: BigInteger) -> BigInteger { a % top }
        switch below(7) {
        case 0: return integer(bits: bits)
        case 1: return small
        case 2: return top - 1 - small
        case 3:
            let mark = marks.isEmpty ? small : marks[below(marks.count)]
            return wrap(mark + top + small - 4)
        case 4: return wrap(BigInteger.powerOfTwo(below(bits)) + top + small - 4)
        case 5:
            var value: BigInteger = 0
            var filled = 0
            while filled < bits {
                let run = 1 + below(70)
                value = value << run
                if next() & 1 == 1 { value = value + (BigInteger.powerOfTwo(run) - 1) }
                filled += run
            }
            return wrap(value)
        default:
            // Limbs with all bits one or all bits zero.
            var value: BigInteger = 0
            for _ in 0..<bits / 32 {
                let limb: UInt64 = [0, 0xFFFF_FFFF, 0xFFFF_FFFF, 1, 0x8000_0000, 0xFFFF_FFFE][below(6)]
                value = value << 32 + BigInteger(limb)
            }
            return value
        }
    }
}

func hex(_ text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
}

func hexText(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }

/// The output of scripts/curve-constants.py: for each curve, numbers by name and the table. The tests run in the
/// package's directory, which is the default of `swift test`.
struct CurveConstants: Sendable {
    var values: [String: BigInteger] = [:]
    var table: [UInt64] = []

    subscript(_ name: String) -> BigInteger { values[name]! }

    static let all: [String: CurveConstants] = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "scripts/curve-constants.py"]
        let pipe = Pipe()
        process.standardOutput = pipe
        do { try process.run() } catch { fatalError("cannot run scripts/curve-constants.py: \(error)") }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { fatalError("scripts/curve-constants.py failed") }
        var all: [String: CurveConstants] = [:]
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words[1] == "table" {
                all[words[0], default: CurveConstants()].table = words.dropFirst(2).map { UInt64($0, radix: 16)! }
            } else {
                all[words[0], default: CurveConstants()].values[words[1]] = BigInteger(hex: words[2])
            }
        }
        return all
    }()

    var reference: ReferenceCurve {
        ReferenceCurve(
            field: Modulus(m: self["prime"]), b: self["b"], order: self["order"],
            generator: .init(x: self["gx"], y: self["gy"]))
    }
}

extension LimbVector {
    init(_ value: BigInteger) {
        self.init()
        let bytes = value.bytes(Self.count * Limb.bitWidth / 8)
        for i in 0..<Self.count {
            for byte in 0..<Limb.bitWidth / 8 {
                self[i] |= Limb(bytes[bytes.count - 1 - i * Limb.bitWidth / 8 - byte]) << Limb(8 * byte)
            }
        }
    }

    var integer: BigInteger {
        var value: BigInteger = 0
        for i in (0..<Self.count).reversed() { value = value << Limb.bitWidth + BigInteger(UInt64(self[i])) }
        return value
    }
}

extension Field {
    init(_ value: BigInteger) { self.init(C.Words(value)) }

    var integer: BigInteger { canonical.integer }
}

extension AffinePoint {
    init(_ p: ReferenceCurve.Point) { self.init(x: Field(p.x), y: Field(p.y)) }
}

extension JacobianPoint {
    /// The affine point, computed with the reference's inversion.
    func affine(_ curve: ReferenceCurve) -> ReferenceCurve.Point? {
        if isInfinity { return nil }
        let inverse = curve.field.inverse(z.integer)!
        let square = curve.field.multiply(inverse, inverse)
        return .init(
            x: curve.field.multiply(x.integer, square),
            y: curve.field.multiply(y.integer, curve.field.multiply(square, inverse)))
    }

    /// p with the given Z.
    init(_ p: ReferenceCurve.Point, z: BigInteger, _ curve: ReferenceCurve) {
        let square = curve.field.multiply(z, z)
        self.init(
            x: Field(curve.field.multiply(p.x, square)),
            y: Field(curve.field.multiply(p.y, curve.field.multiply(square, z))), z: Field(z))
    }
}
