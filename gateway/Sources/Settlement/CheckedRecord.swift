import TransitCode

/// What the checks of one gate record found.
package enum CheckedRecord: Sendable, Equatable {
    /// The bytes are not a record. The text says where they stop being one.
    case malformed(String)
    /// A record that must not be charged. The text names the failed check and what to do.
    case bad(String)
    case good(RecordedRide)

    /// Why it cannot be charged; nil for a good record.
    package var failure: String? {
        switch self {
        case .malformed(let reason), .bad(let reason): reason
        case .good: nil
        }
    }

    package var ride: RecordedRide? {
        if case .good(let ride) = self { ride } else { nil }
    }
}

/// What a good record says.
package struct RecordedRide: Sendable, Equatable {
    package let userID: String
    /// SHA-256 of what both signatures of the code cover. A code settles once.
    package let code: [UInt8]
    package let trip: PosParam.Trip
    /// Zero when the gate did not know the fare.
    package let amountCent: Int64
    package let quotaCent: Int64
    /// Unix seconds, by the gate's clock.
    package let acceptedAt: Int64
    /// Nil for the plain transit code.
    package let card: CardName?

    package init(
        userID: String, code: [UInt8], trip: PosParam.Trip, amountCent: Int64, quotaCent: Int64, acceptedAt: Int64,
        card: CardName?
    ) {
        self.userID = userID
        self.code = code
        self.trip = trip
        self.amountCent = amountCent
        self.quotaCent = quotaCent
        self.acceptedAt = acceptedAt
        self.card = card
    }
}
