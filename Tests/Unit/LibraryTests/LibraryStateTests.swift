import HostCrypto
import TestSupport
import Testing
import TransitCode

@testable import TransitGate
@testable import posoffline

/// The status of a code, and the acceptance of a code.
@Suite struct LibraryStateTests {
    private static let keyList = [UInt8](
        text: #"[{"key_id":7,"public_key":"028B90D7C281AD21B4BA9492C522E39B655890CC41420EB8E8826B28C6DF2D467A"}]"#)

    /// The state after init_pos_verify with one key, of id 7, and one card type, S0JP0000.
    private func loaded(_ body: (inout LibraryState) throws(PosError) -> Void) throws(PosError) {
        var state = LibraryState()
        let cardTypes = [UInt8](text: #"["S0JP0000"]"#)
        try state.lists.load(keyList: Self.keyList.span, cardTypeList: cardTypes.span)
        try body(&state)
    }

    private func identity(_ parts: CodeParts = CodeParts()) throws(PosError) -> ReplayIdentity {
        let bytes = parts.bytes
        return ReplayIdentity(of: try TransitCode(bytes.span), by: HostBackend.self)
    }

    private func cardType(_ text: String) throws(PosError) -> CardType {
        let bytes = [UInt8](text: text)
        guard let cardType = CardType(bytes.span) else { throw .malformedCode }
        return cardType
    }

    @Test func `before an initialisation the lists are not ready, and after a reset they are not again`() throws {
        var empty = LibraryState()
        #expect(refusal { () throws(PosError) in try empty.requireReady(for: .lists) } == .notInitialized)
        try loaded { (state) throws(PosError) in
            try state.requireReady(for: .lists)
            state.reset()
            let refused = refusal { () throws(PosError) in try state.requireReady(for: .lists) }
            #expect(refused == .notInitialized)
        }
    }

    @Test func `a key of the caller's needs no initialisation`() throws {
        var state = LibraryState()
        try state.requireReady(for: .caller(InlineArray(repeating: 0)))
    }

    @Test func `the status is of this code's card type and issuer key id`() throws {
        try loaded { (state) throws(PosError) in
            for (name, keyID, supports, hasKey) in [
                ("S0JP0000", 7, true, true), ("S0JP0000", 8, true, false), ("TEST0001", 7, false, true),
                ("\0\0\0\0\0\0\0\0", 7, false, true),
            ] as [(String, UInt8, Bool, Bool)] {
                let status = try state.status(cardType: cardType(name), identity: identity(), issuerKeyID: keyID)
                #expect(status.supportsCardType == supports)
                #expect((status.issuerKey != nil) == hasKey)
                #expect(!status.hasBeenAccepted)
            }
        }
    }

    @Test func `a code is accepted once, and the status says so`() throws {
        try loaded { (state) throws(PosError) in
            let type = try cardType("S0JP0000")
            let (first, second) = (try identity(), try identity(CodeParts(generated: 1_516_167_356)))
            try state.accept(first, until: 1_516_169_928, now: 1_516_167_400)
            let again = refusal { () throws(PosError) in
                try state.accept(first, until: 1_516_169_928, now: 1_516_167_400)
            }
            #expect(again == .duplicated)
            let status = try state.status(cardType: type, identity: first, issuerKeyID: 7)
            #expect(status.hasBeenAccepted)
            let other = try state.status(cardType: type, identity: second, issuerKeyID: 7)
            #expect(!other.hasBeenAccepted)
            // An unsupported card type is found before the code is looked up.
            let unsupported = try state.status(cardType: cardType("TEST0001"), identity: first, issuerKeyID: 7)
            #expect(!unsupported.supportsCardType)
            state.reset()
            let isRemembered = try state.hasAccepted(first)
            #expect(!isRemembered)
        }
    }

    @Test func `lists that are refused say why`() {
        let (types, bad) = ([UInt8](text: #"["S0JP0000"]"#), [UInt8](text: "[]"))
        for (keys, cardTypes) in [(Self.keyList, bad), (bad, types), (bad, bad)] {
            let refused = refusal { () throws(PosError) in
                var lists = IssuerLists()
                try lists.load(keyList: keys.span, cardTypeList: cardTypes.span)
            }
            #expect(refused == .illegalParam)
        }
    }
}
