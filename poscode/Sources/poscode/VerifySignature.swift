import ArgumentParser
import BackOffice
import HostCrypto
import PortableCrypto
import TransitCrypto

/// The command that verifies ECDSA signatures, one a line.
struct VerifySignature: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check ECDSA signatures, one per line, with the arithmetic of the library.",
        discussion: """
            Each input line is CURVE PUBLIC_KEY_HEX DIGEST_HEX DER_SIGNATURE_HEX. The output for each line is "valid" \
            or "invalid". CURVE is secp256k1 or secp192k1. The key is compressed or uncompressed. The digest has any \
            length. - stands for empty bytes.

            Exit status: 0 every line was checked, whatever the results; 65 a line does not have this form, and the \
            results before it were printed; others as in `poscode --help`.
            """)

    enum BackendChoice: String, CaseIterable, ExpressibleByArgument { case host, portable, libcrypto }

    @Argument(help: ArgumentHelp("A file, or - for standard input.", valueName: "input"))
    var input = "-"
    @Option(
        help: """
            The arithmetic: host (the library's on this machine), portable (the firmware builds'), or libcrypto (an \
            independent check).
            """)
    var backend = BackendChoice.host
    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() throws {
        let file = input == "-" ? Descriptor.standardInput : try Files.open(input)
        defer { if input != "-" { file.close() } }
        let name = input == "-" ? "standard input" : input
        let out = Output()
        var lines = LineReader(file, name: name)
        var progress = Progress("signatures")
        do {
            while let line = try lines.next() {
                let question = try Question(line, place: "\(name), line \(lines.number)")
                let verdict = verdict(on: question)
                guard verdict == .valid || verdict == .invalid else {
                    throw Failure(.system, "\(name), line \(lines.number): the library below reported a fault")
                }
                let word = verdict == .valid ? "valid" : "invalid"
                try out.line(
                    json
                        ? JSONValue.object([("line", .number(lines.number)), ("verdict", .string(word))]).text : word)
                // Flushes before a read that may block, so that a program on the other end of a pipe gets each answer
                // before it sends the next line.
                if lines.isDrained { try out.flush() }
                progress.update(lines.number)
            }
        } catch {
            progress.finish()
            try out.flush()
            throw error
        }
        progress.finish()
        try out.flush()
    }

    private func verdict(on question: Question) -> Verdict {
        switch backend {
        case .host: question.verdict(by: HostBackend.self)
        case .portable: question.verdict(by: PortableBackend.self)
        case .libcrypto: question.verdictByLibcrypto()
        }
    }
}

/// The fields of one line.
private struct Question {
    let curve: SigningKey.Curve
    let publicKey: [UInt8]
    let digest: [UInt8]
    let signature: [UInt8]

    init(_ line: [UInt8], place: String) throws(Failure) {
        let words = line.split { $0 == 0x20 || $0 == 0x09 }
        guard words.count == 4 else {
            throw Failure(
                .badInput,
                "\(place): \(words.count.count("field")) instead of 4: CURVE PUBLIC_KEY_HEX DIGEST_HEX "
                    + "DER_SIGNATURE_HEX, with - for empty bytes")
        }
        guard let curve = SigningKey.Curve(rawValue: String(decoding: words[0], as: UTF8.self)) else {
            throw Failure(
                .badInput,
                "\(place): unknown curve \"\(Array(words[0].prefix(40)).safeText)\"; secp256k1 or secp192k1")
        }
        self.curve = curve
        publicKey = try Self.bytes(words[1], "\(place), public key")
        digest = try Self.bytes(words[2], "\(place), digest")
        signature = try Self.bytes(words[3], "\(place), signature")
    }

    private static func bytes(_ word: ArraySlice<UInt8>, _ name: @autoclosure () -> String) throws(Failure) -> [UInt8] {
        if word.elementsEqual([UInt8(ascii: "-")]) { return [] }
        if let bytes = [UInt8](hex: word) { return bytes }
        return try Inputs.hex(word, name: name())
    }

    func verdict<Backend: CryptoBackend>(by backend: Backend.Type) -> Verdict {
        switch curve {
        case .secp256k1:
            guard let key = Backend.issuerKey(publicKey.span) else { return .invalid }
            return Backend.verifyIssuer(key, digest: digest.span, signature: signature.span)
        case .secp192k1:
            return Backend.verifyUser(publicKey.span, digest: digest.span, signature: signature.span)
        }
    }

    func verdictByLibcrypto() -> Verdict {
        LibcryptoECDSA.verify(
            on: curve == .secp256k1 ? .secp256k1 : .secp192k1, publicKey: publicKey.span, digest: digest.span,
            signature: signature.span)
    }
}
