import ArgumentParser
import BackOffice
import TransitCode
import TransitPicture

/// The command that makes codes from fields.
struct Issue: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a transit code, or a sequence of them.",
        discussion: """
            Without options the code is valid now. It belongs to an invented rider and is signed with the published \
            development issuer key. `poscode keygen issuer --development` writes the key list that accepts it.

            A time is "now", Unix seconds, local time ("2026-01-31 08:30"), or a relative time such as +30d, \
            -90s, +5m, +2h, +4w.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case hex, raw, png, terminal }
    enum Variation: String, CaseIterable, ExpressibleByArgument { case rider, time }

    @Option(help: ArgumentHelp("Private issuer keys, as keygen writes them.", valueName: "file"))
    var issuerKeys: String?
    @Option(help: ArgumentHelp("Sign with this key (default: the file's first; 0).", valueName: "id"))
    var keyID: UInt8?
    @Option(
        help: ArgumentHelp("The rider's private key (default: a new one, which is not stored).", valueName: "file"))
    var riderKey: String?

    @Option(help: ArgumentHelp("User id, 16 characters.", valueName: "text"))
    var uid = "2088000000000001"
    @Option(
        help: ArgumentHelp(
            "Card type: 8 characters, or \"plain\" for the eight NULs of a plain code.", valueName: "type"))
    var cardType = "ANT00001"
    @Option(help: ArgumentHelp("Card number (default: the user id).", valueName: "text"))
    var cardNo: String?
    @Option(help: ArgumentHelp("Card data.", valueName: "hex"))
    var cardData = ""
    @Option(help: ArgumentHelp("The issuer's reserved 12 bytes.", valueName: "hex"))
    var reserved = "000000000000000000000000"
    @Option(parsing: .unconditional, help: ArgumentHelp("When the app created the code.", valueName: "time"))
    var generated = TimeArgument.relative(0)
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("When the credential expires; +30d is counted from --generated.", valueName: "time"))
    var expiry = TimeArgument.relative(30 * 86400)
    @Option(help: ArgumentHelp("How long the code is valid, before and after its time.", valueName: "seconds"))
    var window: UInt16 = 60
    @Option(help: ArgumentHelp("Single-trip quota.", valueName: "cents"))
    var quota: UInt16 = 2000
    @Option(help: "The half of the group order that contains s of both signatures: any, low or high.")
    var s = SigningKey.SHalf.any
    @Option(help: ArgumentHelp(WrongOption.help, valueName: "field=value"))
    var wrong: [WrongOption] = []

    @Option(help: ArgumentHelp("Number of codes.", valueName: "n"))
    var count = 1
    @Option(help: "What differs in a sequence: rider (the user id counts up) or time (one second later each).")
    var vary = Variation.rider
    @Option(help: "hex, raw, png or terminal (default: by the output's name, else hex).")
    var format: Format?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A file, or - for standard output. A raw or png sequence gets numbered files.", valueName: "file"))
    var output = "-"
    @Option(help: "Error correction of a QR picture: L, M, Q or H.")
    var level = QRLevel.M
    @Option(help: ArgumentHelp("Pixels of a module in a PNG, 1 to 32.", valueName: "n"))
    var scale = 8
    @Option(
        help: ArgumentHelp("Light modules around a QR picture, 0 to 16; the QR standard requires 4.", valueName: "n"))
    var margin = 4
    @Flag(help: "Print one JSON object per line: the code in hex and its fields.")
    var json = false

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count is at least 1.") }
        guard (1...32).contains(scale) else { throw ValidationError("--scale is from 1 to 32.") }
        guard (0...16).contains(margin) else { throw ValidationError("--margin is from 0 to 16.") }
        guard !json || format == nil || format == .hex else {
            throw ValidationError("--json is a format of its own.")
        }
        let count = uid.utf8.count
        guard count == Credential.userIDCount else {
            throw ValidationError(
                "--uid has \(count) bytes instead of 16; --wrong uid=HEX makes it wrong on purpose.")
        }
        try demandPrintable("--uid", uid, wrong: "uid")
        if cardType != "plain" {
            guard cardType.utf8.count == CardType.count else {
                throw ValidationError(
                    "--card-type has \(cardType.utf8.count) bytes instead of 8; --wrong card-type=HEX makes it wrong "
                        + "on purpose.")
            }
            try demandPrintable("--card-type", cardType, wrong: "card-type")
        }
        try demandPrintable("--card-no", cardNo ?? "", wrong: "card-no")
        guard [UInt8](hex: cardData) != nil else { throw ValidationError("--card-data is not hex.") }
        guard [UInt8](hex: reserved)?.count == Credential.reservedCount else {
            throw ValidationError("--reserved is not 24 hex digits.")
        }
        if self.count > 1, vary == .rider {
            guard let first = UInt64(uid), first + UInt64(self.count) - 1 <= 9_999_999_999_999_999 else {
                throw ValidationError("To count up the user id it has to be a number with room; or --vary time.")
            }
        }
    }

    private func demandPrintable(_ option: String, _ text: String, wrong name: String) throws {
        guard text.utf8.allSatisfy(\.isPrintableASCII) else {
            throw ValidationError("\(option) is not printable ASCII; --wrong \(name)=HEX makes it wrong on purpose.")
        }
    }

    func run() throws {
        let maker = try CodeMaker(self)
        if maker.isDevelopment {
            Diagnostics.say(
                "signed with the published development issuer key, under key id \(maker.keyID); "
                    + "`poscode keygen issuer --development --public` writes its key list")
        }
        try CodeWriter(self).write { index throws(Failure) in try maker.code(index) }
    }

    /// The format; when none is given, the one that the suffix of the output name implies.
    var resolvedFormat: Format {
        if let format { return format }
        if output.hasSuffix(".png") { return .png }
        if output.hasSuffix(".bin") || output.hasSuffix(".raw") { return .raw }
        return .hex
    }
}

extension SigningKey.SHalf: @retroactive ExpressibleByArgument {}
extension QRLevel: @retroactive ExpressibleByArgument {}

/// A code and the fields from which it was made.
struct MadeCode {
    let bytes: [UInt8]
    let description: JSONValue
}

/// Makes the codes of one `issue` command.
private struct CodeMaker {
    let options: Issue
    let keyID: UInt8
    let issuer: SigningKey
    let isDevelopment: Bool
    let rider: SigningKey
    let generated: UInt32
    let expiry: UInt32
    private let shared: IssuedCredential?

    init(_ options: Issue) throws(Failure) {
        self.options = options
        if let path = options.issuerKeys {
            let file = try Inputs.issuerKeyFile(path)
            guard let entry = options.keyID.map({ id in file.keys.first { $0.id == id } }) ?? file.keys.first else {
                throw Failure(.badInput, "\(path): no key with id \(options.keyID ?? 0)")
            }
            (keyID, issuer, isDevelopment) = (entry.id, entry.key, false)
        } else {
            keyID = options.keyID ?? 0
            do { issuer = try DevelopmentKeys.issuer() } catch { throw Failure(error, "the development issuer key") }
            isDevelopment = true
        }
        if let path = options.riderKey {
            rider = try Inputs.riderKey(path)
        } else {
            do { rider = try SigningKey(generatedOn: .secp192k1) } catch { throw Failure(error, "the rider's key") }
        }
        guard let generated = options.generated.resolved(from: Times.now) else {
            throw Failure(.usage, "--generated is not a time that a code can hold (1970 to 2106)")
        }
        guard let expiry = options.expiry.resolved(from: generated) else {
            throw Failure(.usage, "--expiry is not a time that a code can hold (1970 to 2106)")
        }
        self.generated = generated
        self.expiry = expiry
        if options.vary == .time {
            guard UInt64(generated) + UInt64(options.count) - 1 <= UInt64(UInt32.max) else {
                throw Failure(.usage, "--count goes beyond the times that a code can hold (1970 to 2106)")
            }
            shared = try Self.credential(options, uid: options.uid, expiry, rider, keyID, issuer)
        } else {
            shared = nil
        }
    }

    func code(_ index: Int) throws(Failure) -> MadeCode {
        var uid = options.uid
        if index > 0, options.vary == .rider, let first = UInt64(uid) {
            let digits = "\(first + UInt64(index))"
            uid = String(repeating: "0", count: Credential.userIDCount - digits.count) + digits
        }
        let credential =
            if let shared { shared } else {
                try Self.credential(options, uid: uid, expiry, rider, keyID, issuer)
            }
        let time = options.vary == .time ? generated + UInt32(index) : generated
        let bytes: [UInt8]
        do { bytes = try credential.code(generated: time, rider: rider, half: options.s) } catch {
            throw Failure(error, "issue")
        }
        return MadeCode(
            bytes: bytes,
            description: .object([
                ("code", .string(bytes.hex)), ("uid", .string(uid)), ("issuer_key_id", .number(Int(keyID))),
                ("issuer_public_key", .string(issuer.publicKey.hex)),
                ("user_public_key", .string(rider.publicKey.hex)), ("generated", .number(Int(time))),
                ("expiry", .number(Int(expiry))), ("window", .number(Int(options.window))),
                ("quota_cent", .number(Int(options.quota))), ("development_issuer", .bool(isDevelopment)),
            ]))
    }

    private static func credential(
        _ options: Issue, uid: String, _ expiry: UInt32, _ rider: SigningKey, _ keyID: UInt8, _ issuer: SigningKey
    ) throws(Failure) -> IssuedCredential {
        let plain = [UInt8](repeating: 0, count: CardType.count)
        let draft = CredentialDraft(
            userID: Array(uid.utf8), expiry: expiry, window: options.window, quotaCent: options.quota,
            reserved: [UInt8](hex: options.reserved) ?? [],
            cardType: options.cardType == "plain" ? plain : Array(options.cardType.utf8),
            cardNumber: Array((options.cardNo ?? uid).utf8), cardData: [UInt8](hex: options.cardData) ?? [])
        do {
            return try IssuedCredential(
                draft, userPublicKey: rider.publicKey, issuerKeyID: keyID, issuer: issuer, half: options.s,
                faults: options.wrong.map(\.fault))
        } catch {
            throw Failure(error, "issue")
        }
    }
}

/// Writes the codes of one `issue` command in the requested format.
private struct CodeWriter {
    let options: Issue

    init(_ options: Issue) { self.options = options }

    func write(_ code: (Int) throws(Failure) -> MadeCode) throws(Failure) {
        let format = options.resolvedFormat
        let isFile = options.output != "-"
        if !isFile, format == .raw || format == .png {
            guard options.count == 1 else {
                throw Failure(
                    .usage, "a \(format.rawValue) sequence needs files: --output code.\(Self.ending(format))")
            }
            guard !Descriptor.standardOutput.isTerminal else {
                throw Failure(.usage, "\(format.rawValue) is not for a terminal: --output FILE, or --format terminal")
            }
        }
        var progress = Progress("codes")
        let out = Output()
        var text: [UInt8] = []
        for index in 0..<options.count {
            let made = try code(index)
            switch format {
            case _ where options.json: text += Array((made.description.text + "\n").utf8)
            case .hex: text += Array((made.bytes.hex + "\n").utf8)
            case .terminal:
                text += Array(try picture(of: made).terminal(margin: options.margin).utf8)
            case .raw: try place(made.bytes, index, out)
            case .png:
                try place(png(of: made), index, out)
            }
            if !isFile {
                try out.write(text)
                text.removeAll(keepingCapacity: true)
            }
            progress.update(index + 1)
        }
        progress.finish()
        if isFile, format == .hex || format == .terminal || options.json {
            try Files.writeData(text, to: options.output)
        }
        try out.flush()
    }

    private func picture(of made: MadeCode) throws(Failure) -> QRCode {
        do { return try QRCode(made.bytes, level: options.level) } catch { throw Failure(error) }
    }

    private func png(of made: MadeCode) throws(Failure) -> [UInt8] {
        let picture = try picture(of: made)
        do { return try picture.png(scale: options.scale, margin: options.margin) } catch { throw Failure(error) }
    }

    private func place(_ bytes: [UInt8], _ index: Int, _ out: Output) throws(Failure) {
        if options.output == "-" { return try out.write(bytes) }
        try Files.writeData(bytes, to: options.count == 1 ? options.output : numbered(index))
    }

    /// Inserts the number of a code into a file name: "code.png" becomes "code-001.png" when there are hundreds of
    /// codes.
    private func numbered(_ index: Int) -> String {
        let width = "\(options.count)".count
        let digits = "\(index + 1)"
        let number = "-" + String(repeating: "0", count: width - digits.count) + digits
        let path = options.output
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/"), dot != path.startIndex else {
            return path + number
        }
        return path[..<dot] + number + path[dot...]
    }

    private static func ending(_ format: Issue.Format) -> String { format == .png ? "png" : "bin" }
}
