import BackOffice
import TransitCode

// The texts of findings. A message says what was found and, if the user can act, what to do.

extension CodeField {
    /// The name as text for people.
    var label: String { name.replacing("_", with: " ") }

    /// The name as options spell it.
    var optionName: String { name.replacing("_", with: "-") }
}

extension RecordField {
    var label: String { name.replacing("_", with: " ") }
}

extension Explanation.Name {
    var label: String { text.replacing("_", with: " ") }
}

extension Check {
    var label: String {
        switch self {
        case .mac: "MAC"
        case .posParam: "pos_param"
        default: rawValue.replacing("-", with: " ")
        }
    }
}

extension FieldFault {
    var text: String {
        switch self {
        case .tooShort(let needed, let left):
            "needs \(needed.count("byte")), and \(left == 1 ? "1 is" : "\(left) are") left"
        case .notPrintable(let offset): "the byte at offset \(offset) is not printable ASCII"
        case .mustBe(let value):
            value > 0xFF ? "has to be 0x\([UInt8(value >> 8), UInt8(value & 0xFF)].hex)" : "has to be \(value)"
        case .leftOver(let count): "\(count.count("byte")) left over after it"
        }
    }

    var name: String {
        switch self {
        case .tooShort: "too-short"
        case .notPrintable: "not-printable"
        case .mustBe: "wrong-value"
        case .leftOver: "left-over"
        }
    }
}

extension CheckFault {
    /// `keys`: the issuer's keys; nil when the user gave none.
    func text(keys: IssuerKeys?) -> String {
        switch self {
        case .recordStops(let field, let offset, let fault):
            return "not a record: at offset \(offset), \(field.label): \(fault.text)"
        case .codeStops(let field, let offset, let fault):
            return "not a code: at offset \(offset), \(field.label): \(fault.text)"
        case .recordKeyUnknown(let id):
            return "no record key with id \(id.hex) at hand; give the terminal's with --record-key-file"
        case .developmentRecordKey:
            return "signed with the published development key, which anyone has"
        case .macWrong(let id): return "does not verify under the record key with id \(id.hex)"
        case .issuerKeyUnknown(let id): return "key id \(id) is not in the key list"
        case .issuerSignatureWrong(let id, let other):
            let key = keys?.entry(id).map { " (\($0.publicKey.hex))" } ?? ""
            let hint = other.map { "; key \($0) of the list verifies it" } ?? ""
            return keys?.isDevelopment == true
                ? "does not verify with the development key; give the issuer's key list with --keys"
                : "does not verify with key \(id)\(key)\(hint)"
        case .credentialExpired(let expiry, let at):
            return "the credential expired at \(Times.text(expiry)), \(Self.duration(at - expiry)) before"
        case .outsideWindow(let generated, let window, let at):
            let isPast = at > generated
            let distance = isPast ? at - generated : generated - at
            return "generated \(Self.duration(distance)) \(isPast ? "before" : "after") the time of the check, "
                + "and good for \(window) s"
        case .userSignatureWrong: return "does not verify with the user public key in the credential"
        case .posParamWrong:
            return "not a JSON object with non-empty pos_id, type (SINGLE, IN or OUT), subject and record_id"
        case .aboveQuota(let amount, let quota):
            return "\(amount.yuan) is above the quota of \(UInt32(quota).yuan)"
        case .cryptographyFailed: return "could not be checked: the cryptographic library failed; try again"
        }
    }

    private static func duration(_ seconds: UInt32) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172800: "\(seconds / 3600) h"
        default: "\(seconds / 86400) days"
        }
    }
}

extension UInt32 {
    /// The amount in yuan; the receiver is in cents.
    var yuan: String {
        let cents = self % 100
        return "\(self / 100).\(cents < 10 ? "0" : "")\(cents) yuan"
    }
}

extension Int {
    /// The number with its noun: "1 byte", "2 bytes".
    func count(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension PosParam.Trip {
    var name: String {
        switch self {
        case .single: "SINGLE"
        case .entry: "IN"
        case .exit: "OUT"
        }
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(width - unicodeScalars.count, 0))
    }

    func rightAligned(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(width - unicodeScalars.count, 0)) + self
    }
}

extension [UInt8] {
    /// The bytes as text that is safe on a terminal. Control characters and invalid UTF-8 are replaced.
    var safeText: String {
        String(
            String.UnicodeScalarView(
                String(decoding: self, as: UTF8.self).unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
                }))
    }
}
