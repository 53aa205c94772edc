import Testing

@Suite struct ConstantsTests {
    @Test func `every constant is what the script derives`() {
        check(Secp192k1.self, "secp192k1")
        check(Secp256k1.self, "secp256k1")
    }

    func check<C: Curve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        #expect(BigInteger.powerOfTwo(32) + BigInteger(UInt64(C.tail)) == script["tail"])
        #expect(BigInteger.powerOfTwo(C.Words.count * Limb.bitWidth) - script["tail"] == script["prime"])
        #expect(C.b.integer == script["b"])
        #expect(C.order.integer == script["order"])
        #expect(BigInteger(UInt64(C.orderBits)) == script["orderBits"])
        #expect(C.primeMinusOrder.integer == script["primeMinusOrder"])
        #expect(C.montgomeryFactor.integer == script["montgomeryFactor"])
        #expect(C.beta.integer == script["beta"])
        #expect(C.basisA1.integer == script["basisA1"])
        #expect(C.basisA2.integer == script["basisA2"])
        #expect(C.basisMinusB1.integer == script["basisMinusB1"])
        #expect(C.basisB2.integer == script["basisB2"])
        #expect(BigInteger(UInt64(C.splitShift)) == script["splitShift"])
        #expect(C.split1.integer == script["split1"])
        #expect(C.split2.integer == script["split2"])
        #expect(BigInteger(UInt64(C.halfBits)) == script["halfBits"])

        let quads = C.Words.count * Limb.bitWidth / 64
        let points = 1 << (C.generatorWindow - 2)
        #expect(script.table.count == points * 2 * quads)
        for i in 0..<points {
            let point = C.oddMultipleOfGenerator(i)
            for (part, value) in [point.x.words, point.y.words].enumerated() {
                let start = (2 * i + part) * quads
                let expected = script.table[start..<start + quads].reversed().reduce(0 as BigInteger) {
                    $0 << 64 + BigInteger($1)
                }
                #expect(value.integer == expected, "multiple \(2 * i + 1)")
            }
        }
    }

    /// A second check, independent of the script: the SEC 2 parameters satisfy the equations.
    @Test func `the constants satisfy their equations`() {
        for (name, script) in CurveConstants.all {
            let curve = script.reference
            let order = Modulus(m: script["order"])
            #expect(curve.contains(curve.generator), "\(name)")
            #expect(curve.multiply(curve.order, curve.generator) == nil)
            #expect(curve.field.power(script["beta"], 3) == 1 && script["beta"] != 1)
            #expect(order.power(script["lambda"], 3) == 1 && script["lambda"] != 1)
            let image = ReferenceCurve.Point(
                x: curve.field.multiply(script["beta"], curve.generator.x), y: curve.generator.y)
            #expect(curve.multiply(script["lambda"], curve.generator) == image)
        }
    }
}
