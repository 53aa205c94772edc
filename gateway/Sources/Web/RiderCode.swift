import Foundation
import Settlement
import Storage
import BackOffice
import TransitPicture

/// The operator's settings for riders' codes.
package struct CodeTerms: Sendable {
    /// Seconds from its generation in which gates accept a code.
    package let window: UInt16
    package let quotaCent: UInt16

    package init(window: UInt16, quotaCent: UInt16) {
        self.window = window
        self.quotaCent = quotaCent
    }
}

/// What a rider's wallet does: makes the code that a gate reads.
struct RiderCode: Sendable {
    package let bytes: [UInt8]
    /// How long gates accept it.
    package let seconds: Int

    /// `issuer`: the key that signs now.
    init(card: Card, issuer: IssuerKeyRow, terms: CodeTerms, at time: Int64) throws {
        let isPlain = card.cardType == CardRules.plainType
        // The same for a day, as in a real wallet, where the issuer signs once for many codes.
        let expiry = (time / 86400 + 31) * 86400
        let rider = try SigningKey(scalar: card.riderScalar, on: .secp192k1)
        let credential = try IssuedCredential(
            CredentialDraft(
                userID: Array(card.userID.utf8), expiry: UInt32(clamping: expiry), window: terms.window,
                quotaCent: terms.quotaCent,
                cardType: isPlain ? [UInt8](repeating: 0, count: CardRules.cardTypeCount) : Array(card.cardType.utf8),
                cardNumber: Array(card.cardNo.utf8), cardData: card.cardData),
            userPublicKey: rider.publicKey, issuerKeyID: issuer.id,
            issuer: try SigningKey(scalar: issuer.scalar, on: .secp256k1))
        bytes = try credential.code(generated: UInt32(clamping: time), rider: rider)
        seconds = Int(terms.window)
    }

    /// Seconds before its end at which a page fetches the next code.
    var spareSeconds: Int { max(5, seconds / 6) }

    /// A QR picture to put into a page.
    var imageAddress: String {
        get throws {
            let png = try QRCode(bytes, level: .M).png(scale: 8, margin: 4)
            return "data:image/png;base64," + Data(png).base64EncodedString()
        }
    }
}
