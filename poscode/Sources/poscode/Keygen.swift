import ArgumentParser
import BackOffice

/// The command that generates keys of issuers and riders.
struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make signing keys: an issuer's with the key list for gates, or a rider's.",
        subcommands: [KeygenIssuer.self, KeygenRider.self])
}

struct KeygenIssuer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuer",
        abstract: "Make an issuer's keys (secp256k1) and the key list that gates load.",
        discussion: """
            Writes two files into a directory: issuer-keys.txt (private, mode 0600) and key-list.json (the list, in \
            the gateway's form). With --output - the private keys go to standard output instead. With --output - and \
            --public the list goes to standard output.
            """)

    @Option(help: ArgumentHelp("Number of keys, with consecutive ids (default: 32).", valueName: "n"))
    var count: Int?

    @Option(help: ArgumentHelp("The id of the first key, 0 to 255.", valueName: "n"))
    var firstKeyID = 0

    @Option(help: ArgumentHelp("Use these private keys instead of new ones.", valueName: "file"))
    var from: String?

    @Flag(help: "Use the published development key instead of new ones.")
    var development = false

    @Flag(help: "Write the key list only.")
    var `public` = false

    @Option(name: .shortAndLong, help: ArgumentHelp("A directory, or - for standard output.", valueName: "directory"))
    var output = "."

    @Flag(help: "Replace existing files.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard from == nil || !development else {
            throw ValidationError("--from and --development exclude each other.")
        }
        guard from == nil || count == nil else { throw ValidationError("--count is for new keys, not for --from.") }
        let count = count ?? 1
        guard count >= 1, firstKeyID >= 0, count <= 256, firstKeyID + count <= 256 else {
            throw ValidationError("Key ids go from 0 to 255: --first-key-id plus --count is at most 256.")
        }
    }

    func run() throws {
        let file = try keys()
        let list = IssuerKeys.json(file.keys.map { ($0.id, $0.key.publicKey) })
        let output = Output()
        if self.output == "-" {
            if json {
                try output.line(description(of: file, files: []).text)
            } else {
                try output.write(`public` ? list : file.text)
            }
            return try output.flush()
        }

        try Files.makeDirectory(self.output)
        let privatePath = "\(self.output)/issuer-keys.txt"
        let listPath = "\(self.output)/key-list.json"
        for path in `public` ? [listPath] : [privatePath, listPath] where !force && Files.exists(path) {
            throw Failure(.cannotCreate, "\(path) is there already; --force replaces it")
        }
        if !`public` { try Files.write(Array(file.text.utf8), to: privatePath, isSecret: true) }
        try Files.write(Array(list.utf8), to: listPath)
        if json {
            try output.line(
                description(
                    of: file,
                    files: `public`
                        ? [("key_list_file", .string(listPath))]
                        : [
                            ("private_keys_file", .string(privatePath)), ("key_list_file", .string(listPath)),
                        ]
                ).text)
        } else {
            if !`public` {
                try output.line("\(privatePath): \(file.keys.count.count("private key")); keep this file secret")
            }
            try output.line("\(listPath): the key list for gates")
        }
        try output.flush()
    }

    private func keys() throws(Failure) -> IssuerKeyFile {
        if let from { return try Inputs.issuerKeyFile(from) }
        do throws(OfficeError) {
            let ids = firstKeyID..<firstKeyID + (count ?? (development ? 1 : min(32, 256 - firstKeyID)))
            var keys: [(id: UInt8, key: SigningKey)] = []
            for id in ids {
                let key = development ? try DevelopmentKeys.issuer() : try SigningKey(generatedOn: .secp256k1)
                keys.append((UInt8(id), key))
            }
            return IssuerKeyFile(keys: keys)
        } catch {
            throw Failure(error, "keygen")
        }
    }

    /// The JSON of the result. It contains the private keys only when they were not written to a file.
    private func description(of file: IssuerKeyFile, files: [(String, JSONValue)]) -> JSONValue {
        let keys = file.keys.map { id, key in
            JSONValue.object(
                [("key_id", .number(Int(id))), ("public_key", .string(key.publicKey.hex))]
                    + (files.isEmpty && !`public` ? [("private_key", .string(key.scalar.hex))] : []))
        }
        return .object(files + [("keys", .array(keys))])
    }
}

struct KeygenRider: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rider",
        abstract: "Make a rider's key (secp192k1).",
        discussion:
            "Writes one private key to standard output or a file (mode 0600). A comment has its public key.")

    @Option(name: .shortAndLong, help: ArgumentHelp("A file, or - for standard output.", valueName: "file"))
    var output = "-"

    @Flag(help: "Replace an existing file.")
    var force = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let key: SigningKey
        do throws(OfficeError) { key = try SigningKey(generatedOn: .secp192k1) } catch {
            throw Failure(error, "keygen")
        }
        let out = Output()
        let publicKey = ("public_key", JSONValue.string(key.publicKey.hex))
        if output == "-" {
            let description = JSONValue.object([publicKey, ("private_key", .string(key.scalar.hex))])
            try out.write(json ? description.text + "\n" : RiderKeyFile(key: key).text)
        } else {
            guard force || !Files.exists(output) else {
                throw Failure(.cannotCreate, "\(output) is there already; --force replaces it")
            }
            try Files.write(Array(RiderKeyFile(key: key).text.utf8), to: output, isSecret: true)
            let description = JSONValue.object([publicKey, ("private_key_file", .string(output))])
            try out.line(
                json ? description.text : "\(output): the private key of \(key.publicKey.hex); keep it secret")
        }
        try out.flush()
    }
}
