import GatewaySystem
import Hummingbird
import PlatformAPI
import PlatformMethods
import Storage
import BackOffice

/// What an operator does: merchants, issuer keys, faults.
extension ConsolePages {
    /// Why an action failed, for the operator.
    struct ConsoleError: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// An action that needs a confirmation first.
    struct Unconfirmed: Error {
        let confirmation: Confirmation
    }

    func required(_ form: FormParameters, _ name: String) throws -> String {
        guard let value = form[name] else { throw ConsoleError("\(name) is missing.") }
        return value
    }

    func requiredMerchant(_ form: FormParameters) async throws -> Merchant {
        let appID = try required(form, "app_id")
        guard let merchant = try await store.merchant(appID) else { throw ConsoleError("There is no such merchant.") }
        return merchant
    }

    func addMerchantActions(_ router: Router<GatewayContext>) {
        action(router, "console/merchants", anchor: "#merchants") { form, _ in
            let appID = form["app_id"] ?? "2021" + RandomText.digits(12)
            guard appID.utf8.count <= 32, appID.utf8.allSatisfy(\.isPrintableASCII) else {
                throw ConsoleError("app_id has to be at most 32 printable ASCII characters.")
            }
            let recordKey = RandomText.hex(bytes: 32)
            guard
                try await store.addMerchant(
                    appID: appID, name: try required(form, "name"), loginName: try required(form, "login_name"),
                    publicKey: nil, recordKey: [UInt8](hex: recordKey))
            else { throw ConsoleError("A merchant with this app_id or this name to be paid as is there already.") }
            return ConsoleMessage(
                text: """
                    Merchant \(appID) is there. Make its keys with `posgateway keygen`, and paste the public one. The \
                    record key of its gates, shown this once (POSOFFLINE_RECORD_KEY_FILE):
                    """, secret: recordKey)
        }
        action(router, "console/merchants/key", anchor: "#merchants") { form, _ in
            let pasted = try required(form, "public_key")
            let key: ApplicationKey
            do { key = try ApplicationKey(pasted: pasted) } catch RSAKeyError.notAKey {
                throw ConsoleError("That is no RSA public key of at least 2,048 bits, in PEM or in one line of base64.")
            }
            let merchant = try await requiredMerchant(form)
            if let present = merchant.workingKey, present.key.der != key.key.der, form["replaces"] != merchant.keyDigest
            {
                throw Unconfirmed(confirmation: .replaceKey(of: merchant, with: key, pasted: pasted))
            }
            try await store.setKey(key.key.der, of: merchant.appID)
            return ConsoleMessage(text: "The public key is set.")
        }
        action(router, "console/merchants/contract", anchor: "#merchants") { form, _ in
            let merchant = try await requiredMerchant(form)
            let isContracted: Bool
            switch try required(form, "contracted") {
            case "true": isContracted = true
            case "false": isContracted = false
            default: throw ConsoleError("contracted has to be true or false: the contract stays as it is.")
            }
            try await store.setContract(isContracted, of: merchant.appID)
            let outcome = isContracted ? "is in force" : "has ended: its calls are refused"
            return ConsoleMessage(text: "The contract of \(merchant.name) \(outcome).")
        }
        action(router, "console/merchants/record-key", anchor: "#merchants") { form, _ in
            let text = form["key"] ?? RandomText.hex(bytes: 32)
            let key: [UInt8]
            do throws(OfficeError) { key = try RecordKeyText.key(Array(text.utf8)) } catch {
                throw ConsoleError("A record key is 32 to 128 hex digits.")
            }
            try await store.addRecordKey(key, to: try await requiredMerchant(form).appID)
            return form["key"] == nil
                ? ConsoleMessage(text: "The new record key, shown this once:", secret: text)
                : ConsoleMessage(text: "Record key \(RecordVerifier.id(of: key).hex) is there.")
        }
        action(router, "console/merchants/record-key/remove", anchor: "#merchants") { form, _ in
            guard let id = Int64(try required(form, "id")) else { throw ConsoleError("id is no number.") }
            let appID = try await requiredMerchant(form).appID
            guard try await store.recordKeys(of: appID).contains(where: { $0.id == id }) else {
                throw ConsoleError("The merchant has no such record key.")
            }
            try await store.removeRecordKey(id, of: appID)
            return ConsoleMessage(text: "The record key is gone: records that it has signed do not settle any more.")
        }
    }

    func addIssuerKeyActions(_ router: Router<GatewayContext>) {
        action(router, "console/issuer-keys", anchor: "#issuer-keys") { _, _ in
            try await store.addIssuerKeys([SigningKey(generatedOn: .secp256k1)])
            return ConsoleMessage(text: "A new issuer key is in the list. Activate it when the gates have fetched it.")
        }
        action(router, "console/issuer-keys/activate", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.activateIssuerKey(id)
            return ConsoleMessage(text: "Riders' codes are signed with key \(id) from now on.")
        }
        action(router, "console/issuer-keys/retire", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.retireIssuerKey(id)
            return ConsoleMessage(text: "Issuer key \(id) is retired.")
        }
    }

    func keyID(_ form: FormParameters) throws -> UInt8 {
        guard let id = UInt8(try required(form, "id")) else { throw ConsoleError("id is no key id.") }
        return id
    }

    func addFaultActions(_ router: Router<GatewayContext>) {
        action(router, "console/faults", anchor: "#faults") { form, _ in
            guard let kind = InjectedFault.Kind(rawValue: try required(form, "kind")) else {
                throw ConsoleError("There is no such fault.")
            }
            let method = form["method"].flatMap(Method.init)
            guard form["method"] == nil || method != nil else { throw ConsoleError("There is no such interface.") }
            guard let milliseconds = Int(form["milliseconds"] ?? "3000"), (0...120_000).contains(milliseconds) else {
                throw ConsoleError("A delay is from 0 to 120,000 milliseconds.")
            }
            let extent: InjectedFault.Extent
            if let text = form["percent"] {
                guard let percent = Int(text), (1...100).contains(percent) else {
                    throw ConsoleError("A rate is from 1 to 100 %.")
                }
                extent = .percent(percent)
            } else {
                guard let calls = Int(form["calls"] ?? "1"), (1...1_000_000).contains(calls) else {
                    throw ConsoleError("The number of calls is from 1 to 1,000,000.")
                }
                extent = .calls(calls)
            }
            faults.add(kind, method: method, milliseconds: milliseconds, extent: extent)
            return nil
        }
        action(router, "console/faults/remove", anchor: "#faults") { form, _ in
            guard let id = Int(try required(form, "id")) else { throw ConsoleError("id is no number.") }
            faults.remove(id)
            return nil
        }
    }
}

extension IssuerKeyError {
    var text: String {
        switch self {
        case .unknown: "There is no such issuer key."
        case .retired: "That issuer key is retired, for good."
        case .active: "Riders' codes are signed with that key: activate another one first."
        case .tooMany: "Gates hold at most \(Store.largestKeyList) keys: retire one first."
        case .noIDsLeft: "All 256 key ids were used, the retired keys' among them, and none is used twice."
        }
    }
}
