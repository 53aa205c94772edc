/// A code as a rider's app shows it, taken apart and not yet believed (docs/format.md, "The code").
public struct TransitCode: ~Escapable {
    /// The only protocol version there is.
    public static let protocolVersion: UInt8 = 2

    /// The longest code there can be: every length byte at 255.
    public static let maxCount = 4 + 255 + 1 + 255 + 1 + 4 + 1 + 255

    /// All of it.
    public let bytes: Span<UInt8>

    /// Not interpreted.
    public let algorithm: UInt8
    public let issuerKeyID: UInt8
    public let credential: Credential
    /// DER, over the credential; not looked into here.
    public let issuerSignature: Span<UInt8>
    /// When the rider's app made this code.
    public let generated: UInt32
    /// DER, over `userSigned`; not looked into here.
    public let userSignature: Span<UInt8>
    /// What the user's signature covers: from the first byte through the generation time.
    public let userSigned: Span<UInt8>

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(PosError) {
        try self.init(bytes, for: Unobserved())
    }

    /// A credential that runs past the end is the one thing wrong of which the observer is not told: it is no field.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, for observer: some FieldObserver<CodeField>) throws(PosError) {
        var reader = ByteReader(bytes, for: observer)
        guard reader.take(1, as: .protocolVersion, .number(UInt16(Self.protocolVersion))) != nil
        else { throw bytes.isEmpty ? .malformedCode : .protocolUnsupported }
        guard
            let algorithm = reader.takeUInt8(as: .algorithm),
            let issuerKeyID = reader.takeUInt8(as: .issuerKeyID),
            let credentialBytes = reader.takeCounted(.credentialCount)
        else { throw .malformedCode }
        let credential = try Credential(credentialBytes, at: reader.offset &- credentialBytes.count, for: observer)
        guard
            let issuerSignature = reader.takeCounted(.issuerSignatureCount, as: .issuerSignature),
            reader.take(1, as: .generatedCount, .number(4)) != nil,
            let generated = reader.takeUInt32(as: .generated)
        else { throw .malformedCode }
        let signedCount = reader.offset
        guard
            let userSignature = reader.takeCounted(.userSignatureCount, as: .userSignature),
            reader.ends(after: .userSignature)
        else { throw .malformedCode }
        self.bytes = bytes
        self.algorithm = algorithm
        self.issuerKeyID = issuerKeyID
        self.credential = credential
        self.issuerSignature = issuerSignature
        self.generated = generated
        self.userSignature = userSignature
        self.userSigned = bytes.extracting(first: signedCount)
    }

    /// The key id of a code of which only the first three bytes are at hand.
    public static func issuerKeyID(ofHead head: Span<UInt8>) throws(PosError) -> UInt8 {
        guard head.count >= 3 else { throw .malformedCode }
        guard head[0] == protocolVersion else { throw .protocolUnsupported }
        return head[2]
    }

    /// The last second at which this code can be in its window.
    public var lastSecond: UInt32 {
        let (sum, overflow) = generated.addingReportingOverflow(UInt32(credential.window))
        return overflow ? .max : sum
    }

    /// Whether `now` is within the window around the generation time, both ends included.
    public func isInWindow(at now: UInt32) -> Bool {
        let distance = now > generated ? now &- generated : generated &- now
        return distance <= UInt32(credential.window)
    }
}
