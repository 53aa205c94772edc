/// A parsed code. Its signatures are not checked (docs/format.md, "The code").
public struct TransitCode: ~Escapable {
    /// The only protocol version.
    public static let protocolVersion: UInt8 = 2

    /// The longest code there can be: every length byte at 255.
    public static let maxCount = 4 + 255 + 1 + 255 + 1 + 4 + 1 + 255

    /// The whole code.
    public let bytes: Span<UInt8>

    /// Not interpreted.
    public let algorithm: UInt8
    public let issuerKeyID: UInt8
    public let credential: Credential
    /// DER, over the credential. Not parsed here.
    public let issuerSignature: Span<UInt8>
    /// The generation time in Unix seconds.
    public let generated: UInt32
    /// DER, over `userSigned`. Not parsed here.
    public let userSignature: Span<UInt8>
    /// The bytes that the rider's signature covers: from the first byte through the generation time.
    public let userSigned: Span<UInt8>

    /// Throws `.protocolUnsupported` when the first byte is not 2, and `.malformedCode` for any other fault.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(PosError) {
        try self.init(bytes, for: Unobserved())
    }

    /// As `init(_:)`, and reports each field to an observer. A credential that runs past the end is not reported,
    /// because it is not one field.
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

    /// The issuer key id in the first three bytes of a code. Throws `.protocolUnsupported`, or `.malformedCode` for
    /// fewer bytes.
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
