import BackOffice
import Glibc
import TransitCode
import TransitPicture

/// An error that ends the tool: the message for the user, and the exit status from sysexits.h.
struct Failure: Error {
    enum Status: Int32 {
        case usage = 64
        case badInput = 65
        case noInput = 66
        case missingProgram = 69
        case system = 70
        case cannotCreate = 73
        case inputOutput = 74
    }

    let status: Status
    let message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// An error of the back-office module. `subject` is the file or option that it is about.
    init(_ error: OfficeError, _ subject: String) {
        switch error {
        case .badPrivateKey: self.init(.badInput, "\(subject): not a private key of this curve")
        case .cryptographyFailed: self.init(.system, "libcrypto reported a fault; try again")
        case .tooLong(let field, let count, let limit):
            self.init(.usage, "the \(field.label) has \(count) bytes, and a code holds at most \(limit)")
        case .wrongCount(let field, let count, let expected):
            self.init(
                .usage,
                "the \(field.label) has \(count) bytes instead of \(expected); --wrong \(field.optionName)=HEX "
                    + "makes it wrong on purpose")
        case .badKeyList(let fault): self.init(.badInput, "\(subject): \(Self.text(fault))")
        case .badKeyFile(let line, let fault): self.init(.badInput, "\(subject): line \(line): \(Self.text(fault))")
        }
    }

    /// A QR picture could not be made.
    init(_ error: PictureError) {
        switch error {
        case .tooLong(let count, let level):
            self.init(.badInput, "\(count) bytes do not fit a QR code of level \(level.rawValue); try --level L")
        case .outOfMemory: self.init(.system, "libqrencode: out of memory")
        case .noPNG: self.init(.system, "libpng cannot make the picture")
        }
    }

    private static func text(_ fault: OfficeError.KeyListFault) -> String {
        switch fault {
        case .malformed:
            "not a key list; it has to be a JSON array of {\"key_id\": 0, \"public_key\": \"02...\"} and nothing else"
        case .tooMany: "more than 256 keys"
        case .notOnCurve(let id): "the public key of key id \(id) is not a point of secp256k1"
        case .repeated(let id): "key id \(id) stands there twice with different keys"
        }
    }

    private static func text(_ fault: OfficeError.KeyFileFault) -> String {
        switch fault {
        case .malformed: "not a key; `poscode keygen` and man poscode(1) show the form of key files"
        case .badPrivateKey: "not a private key of this curve"
        case .repeated(let id): "key id \(id) stands there twice"
        case .wrongNumberOfKeys: "no key, or more than the one that is wanted"
        }
    }
}

/// Writes lines to standard error.
enum Diagnostics {
    static func say(_ message: String) {
        Descriptor.standardError.writeIgnoringErrors("poscode: \(message)\n")
    }
}
