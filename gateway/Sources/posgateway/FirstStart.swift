import Foundation
import GatewaySystem
import PlatformAPI
import Storage
import BackOffice

/// Fills a new data directory, so that the first call can be made at once. Each step runs when its result is missing: a
/// first start that was cut short is finished by the next one.
struct FirstStart {
    let directory: DataDirectory
    let store: Store

    static let demoAppID = "2021000000000001"
    static let demoLoginName = "demo@posoffline.example"
    /// As many as the platform has.
    static let issuerKeyCount = 32

    func keepUTCOffset(_ seconds: Int) async throws {
        guard let kept = try await store.keepUTCOffset(seconds) else { return }
        throw Failure(
            "--utc-offset is \(seconds / 3600), and the times in \(directory.database) were read at \(kept / 3600): retries and cards "
                + "would be mistaken; start with --utc-offset \(kept / 3600)")
    }

    func readOrMakeGatewayKey() async throws -> GatewayKey {
        if let pem = try directory.text(of: directory.gatewayKey) {
            do { return GatewayKey(key: try RSAPrivateKey(pem: pem)) } catch RSAKeyError.notAKey {
                throw Failure("\(directory.gatewayKey) is no RSA private key in PEM: put the right one back")
            }
        }
        // A first start makes it before the issuer's keys and before any merchant.
        guard try await store.issuerKeys().isEmpty, try await store.merchants().isEmpty else {
            throw Failure(
                "\(directory.gatewayKey) is missing, and merchants know its public half: put it back "
                    + "(docs/gateway.md, Backup), or take a new directory for a new gateway")
        }
        let key = try RSAPrivateKey()
        try directory.write(key.pkcs1PEM, to: directory.gatewayKey)
        return GatewayKey(key: key)
    }

    func readOrMakeConsolePassword() throws -> String {
        if let bytes = try DurableFile.read(directory.consolePassword) {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw passwordError }
            // A byte order mark, which some editors put in front, is no part of the password.
            let password = text.drop { $0 == "\u{FEFF}" }.trimmingCharacters(in: .whitespacesAndNewlines)
            // Nobody could type it, and nothing would say why it is wrong.
            guard !password.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw passwordError
            }
            if !password.isEmpty { return password }
        }
        let password = RandomText.hex(bytes: 12)
        try directory.write(password + "\n", to: directory.consolePassword)
        return password
    }

    /// Differs from that of any other password and of an earlier time of this one. The database has digests only.
    func consoleEpoch(password: String) async throws -> String {
        try await store.consoleEpoch { epoch in [UInt8](Data((epoch + password).utf8).sha256).hex }
    }

    private var passwordError: Failure {
        Failure(
            "\(directory.consolePassword) has to be one line of text in UTF-8: write the password anew, or delete the file"
        )
    }

    func makeIssuerKeysIfNone() async throws {
        guard try await store.issuerKeys().isEmpty else { return }
        try await store.addIssuerKeys((0..<Self.issuerKeyCount).map { _ in try SigningKey(generatedOn: .secp256k1) })
    }

    /// A merchant whose settings are printed, with a record key for its gates.
    func makeDemoMerchantIfNone(gateway: GatewayKey) async throws {
        guard try await store.merchants().isEmpty else { return }
        try DurableFile.makeDirectory(directory.demoMerchant)
        let forms = PrivateKeyForms(key: try demoKey())
        let recordKey = try demoRecordKey()
        let gatewayForms = PrivateKeyForms(key: gateway.key)
        let others = [
            ("app-id.txt", Self.demoAppID + "\n"), ("record-key.hex", recordKey + "\n"),
            ("gateway-public-key.pem", gatewayForms.publicPEM),
            ("gateway-public-key.txt", gatewayForms.publicLine + "\n"),
        ]
        for (name, text) in forms.files + others {
            let path = directory.demoMerchant + "/" + name
            let present = try directory.text(of: path)
            guard present == nil || present == text else {
                throw Failure(
                    "\(path) belongs to other keys than the files beside it; keys are never overwritten: move it away")
            }
            if present == nil { try directory.write(text, to: path) }
        }
        _ = try await store.addMerchant(
            appID: Self.demoAppID, name: "Demo merchant", loginName: Self.demoLoginName,
            publicKey: forms.key.publicKey.der, recordKey: [UInt8](hex: recordKey))
    }

    /// The demo merchant's key of a first start that was cut short, or a new one. Its first file was the first to be written.
    private func demoKey() throws -> RSAPrivateKey {
        let path = directory.demoMerchant + "/app-private-key-pkcs1.pem"
        guard let pem = try directory.text(of: path) else { return try RSAPrivateKey() }
        do { return try RSAPrivateKey(pem: pem) } catch RSAKeyError.notAKey {
            throw Failure("\(path) is no RSA private key in PEM; keys are never overwritten: move it away")
        }
    }

    private func demoRecordKey() throws -> String {
        let path = directory.demoMerchant + "/record-key.hex"
        guard let text = try directory.text(of: path) else { return RandomText.hex(bytes: 32) }
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard [UInt8](hex: key)?.count == 32 else {
            throw Failure("\(path) is no record key of 64 hex digits; keys are never overwritten: move it away")
        }
        return key
    }
}
