import PlatformAPI
import PlatformMethods
import Storage
import BackOffice

/// The console's confirmations.
extension Confirmation {
    package static func activateIssuerKey(_ id: UInt8, active: String) -> Confirmation {
        Confirmation(
            title: "Sign riders' codes with issuer key \(id)?",
            stops: ["Gates that have not fetched key \(id) with key.query refuse every rider's code from now on."],
            goesOn: """
                Codes that key \(active) has signed are still good. Key \(active) stays in the list, and can be \
                activated again.
                """,
            action: "/console/issuer-keys/activate", fields: [("id", "\(id)")], label: "Activate key \(id)",
            keep: ("Keep key \(active)", "/console#issuer-keys"))
    }

    package static func retireIssuerKey(_ id: UInt8, active: String, days: Int) -> Confirmation {
        Confirmation(
            title: "Retire issuer key \(id)?",
            stops: [
                """
                key.query leaves the key out. Gates that fetch the list again refuse every code that key \(id) has \
                signed.
                """,
                "Records of codes that are made from now on with key \(id) do not settle.",
            ],
            goesOn: """
                Riders' pages sign with key \(active), so riders notice nothing. Records of codes made before now settle \
                for another \(days) days. A retired key cannot be brought back, and its id is not used again.
                """,
            action: "/console/issuer-keys/retire", fields: [("id", "\(id)")], label: "Retire key \(id)",
            keep: ("Keep it", "/console#issuer-keys"))
    }

    static func endContract(of merchant: Merchant, days: Int) -> Confirmation {
        Confirmation(
            title: "End the contract of \(merchant.name)?",
            stops: [
                """
                Every call of \(merchant.appID) is refused with 40006 isv.insufficient-isv-permissions: key.query, \
                record.verify, trade.settle, virtualcard.send and data.send.
                """,
                "A ride that is not settled within \(days) days never settles.",
            ],
            goesOn: """
                Its keys, cards and balances stay. Its gates open as before, with the keys that they have. The contract \
                can be put in force again at any time.
                """,
            action: "/console/merchants/contract", fields: [("app_id", merchant.appID), ("contracted", "false")],
            label: "End the contract", keep: ("Keep it", "/console#merchants"))
    }

    static func replaceKey(of merchant: Merchant, with key: ApplicationKey, pasted: String) -> Confirmation {
        Confirmation(
            title: "Replace the public key of \(merchant.name)?",
            stops: [
                """
                Calls of \(merchant.appID) that are signed with the present private key are refused with \
                isv.invalid-signature at once.
                """
            ],
            goesOn: """
                Calls that are signed with the new private key, of \(key.key.bits) bits, are accepted. Nothing else \
                changes. The present public key can be pasted again: copy it from the console first.
                """,
            action: "/console/merchants/key",
            fields: [("app_id", merchant.appID), ("public_key", pasted), ("replaces", merchant.keyDigest)],
            label: "Replace the key", keep: ("Keep it", "/console#merchants"))
    }

    static func openRider(_ userID: String, leaving present: String, listed: Int) -> Confirmation {
        Confirmation(
            title: "Open rider \(userID) in this browser?",
            stops: [
                """
                This browser no longer shows the cards and codes of rider \(present). There is no password to come back \
                with.
                """
            ],
            goesOn: "The console can open rider \(present) again while it lists that rider among the newest \(listed).",
            action: "/console/riders/open", fields: [("user_id", userID), ("leaves", present)],
            label: "Open the page", keep: ("Stay", "/console#riders"))
    }

    package static func removeRecordKey(_ key: RecordKeyRow, of merchant: Merchant, isLast: Bool) -> Confirmation {
        var stops = [
            """
            trade.settle and record.verify refuse every record that is signed with key \(key.keyID.hex), also the \
            records of rides that are not settled yet.
            """
        ]
        if isLast {
            stops.append("It is the only record key of \(merchant.name): no ride of its gates settles without another.")
        }
        return Confirmation(
            title: "Remove record key \(key.keyID.hex) of \(merchant.name)?", stops: stops,
            goesOn: """
                Trades that have settled stay settled, and the merchant's other record keys count as before. The console \
                does not show this key again: to bring it back you need its hex digits.
                """,
            action: "/console/merchants/record-key/remove",
            fields: [("app_id", merchant.appID), ("id", "\(key.id)")], label: "Remove the key",
            keep: ("Keep it", "/console#merchants"))
    }
}

extension Merchant {
    /// The public key that checks its calls. Nil for a damaged one: replacing that stops nothing.
    var workingKey: ApplicationKey? {
        if case .success(let key) = applicationKey { key } else { nil }
    }

    /// Identifies the present public key in a form, so that only the key of the confirmation is replaced.
    var keyDigest: String { workingKey.map { [UInt8]($0.key.der.sha256).hex } ?? "" }
}
