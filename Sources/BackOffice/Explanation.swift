import TransitCode
import TransitCrypto

/// The fields of a code or a record, for display. A malformed input is explained up to its first error.
public struct Explanation: Equatable, Sendable {
    /// The name of a field of a record, or of a code. The code may be inside a record.
    public enum Name: Equatable, Sendable {
        case code(CodeField)
        case record(RecordField)

        /// A stable name for machine-readable output, in snake case.
        public var text: String {
            switch self {
            case .code(let field): field.name
            case .record(let field): field.name
            }
        }
    }

    /// The decoded value of a field.
    public enum Value: Equatable, Sendable {
        case number(UInt64)
        /// The length of the following field, in bytes.
        case length(Int)
        case time(UInt32)
        case seconds(UInt16)
        case cents(UInt32)
        case text(String)
        case plainCardType
        case bytes
        case publicKey(isOnCurve: Bool)
        /// r and s without leading zeros, as `DERSignature` reads them.
        case signature(r: [UInt8], s: [UInt8])
        /// The signature is not strict DER.
        case malformedSignature
    }

    /// One field: its position and its value.
    public struct Field: Equatable, Sendable {
        public let name: Name
        /// The offset from the first byte of the input.
        public let offset: Int
        public let bytes: [UInt8]
        public let value: Value

        /// The nesting depth: 0 for a field of the input, 1 more inside a record's code, 1 more inside a code's
        /// credential.
        public let depth: Int
    }

    /// The position where parsing stops, and the error.
    public struct Stop: Equatable, Sendable {
        public let name: Name
        public let offset: Int
        public let fault: FieldFault
    }

    /// In the order of the bytes. After a record's code come the fields of that code.
    public private(set) var fields: [Field] = []
    /// Nil when the input is well formed.
    public private(set) var stop: Stop?

    /// Explains a code.
    public init(code: [UInt8]) {
        add(code: code, from: 0, depth: 0)
    }

    /// Explains a record and the code in it.
    public init(record: [UInt8]) {
        let trace = Trace(record: record)
        for (field, range) in trace.fields {
            let bytes = Array(record[range])
            fields.append(
                Field(
                    name: .record(field), offset: range.lowerBound, bytes: bytes,
                    value: Self.value(of: field, bytes), depth: 0))
            if field == .code { add(code: bytes, from: range.lowerBound, depth: 1) }
        }
        stop = stop ?? trace.stop.map { Stop(name: .record($0.field), offset: $0.offset, fault: $0.fault) }
    }

    private mutating func add(code: [UInt8], from base: Int, depth: Int) {
        let trace = Trace(code: code)
        for (field, range) in trace.fields {
            let bytes = Array(code[range])
            fields.append(
                Field(
                    name: .code(field), offset: base + range.lowerBound, bytes: bytes,
                    value: Self.value(of: field, bytes), depth: depth + (field.isInCredential ? 1 : 0)))
        }
        stop = trace.stop.map { stop in
            var fault = stop.fault
            if case .notPrintable(let place) = fault { fault = .notPrintable(offset: base + place) }
            return Stop(name: .code(stop.field), offset: base + stop.offset, fault: fault)
        }
    }

    private static func value(of field: CodeField, _ bytes: [UInt8]) -> Value {
        switch field {
        case .protocolVersion, .algorithm, .issuerKeyID: .number(bytes.bigEndianValue)
        case .credentialCount, .cardNumberCount, .cardDataCount, .issuerSignatureCount, .generatedCount,
            .userSignatureCount:
            .length(Int(bytes.bigEndianValue))
        case .userID, .cardNumber: text(bytes)
        case .expiry, .generated: .time(UInt32(truncatingIfNeeded: bytes.bigEndianValue))
        case .window: .seconds(UInt16(truncatingIfNeeded: bytes.bigEndianValue))
        case .quotaCent: .cents(UInt32(truncatingIfNeeded: bytes.bigEndianValue))
        case .reserved, .cardData: .bytes
        case .userPublicKey: .publicKey(isOnCurve: Libcrypto.isPoint(bytes, on: .secp192k1))
        case .cardType: CardType(bytes.span) == .plain ? .plainCardType : text(bytes)
        case .issuerSignature, .userSignature: signature(bytes)
        }
    }

    private static func value(of field: RecordField, _ bytes: [UInt8]) -> Value {
        switch field {
        // The top four bits are the format.
        case .head: .length(Int(bytes.bigEndianValue & 0xFFF))
        case .codeCount, .posParamCount, .amountCount, .acceptedAtCount, .versionCount, .keyIDCount, .macCount:
            .length(Int(bytes.bigEndianValue))
        case .posParam:
            String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes
        case .amount: .cents(UInt32(truncatingIfNeeded: bytes.bigEndianValue))
        case .acceptedAt: .time(UInt32(truncatingIfNeeded: bytes.bigEndianValue))
        case .version: text(bytes)
        case .code, .keyID, .mac: .bytes
        }
    }

    private static func text(_ bytes: [UInt8]) -> Value { bytes.printableText.map { .text($0) } ?? .bytes }

    private static func signature(_ bytes: [UInt8]) -> Value {
        guard let parsed = DERSignature(bytes.span) else { return .malformedSignature }
        return .signature(r: [UInt8](parsed.r), s: [UInt8](parsed.s))
    }
}

extension Explanation {
    /// Whether the first four bits are the format of a record. No code begins with these bits.
    public static func looksLikeRecord(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return false }
        return UInt16(first >> 4) == Record.formatNibble
    }
}

/// Collects what a parser reports about a code or a record.
final class Trace<Field>: FieldObserver {
    /// In the order of the bytes.
    private(set) var fields: [(field: Field, range: Range<Int>)] = []
    /// Nil when the input is well formed.
    private(set) var stop: (field: Field, offset: Int, fault: FieldFault)?

    func takes(_ field: Field, at offset: Int, count: Int) { fields.append((field, offset..<offset + count)) }

    func stops(at field: Field, offset: Int, _ fault: FieldFault) { stop = (field, offset, fault) }
}

extension Trace<CodeField> {
    convenience init(code: [UInt8]) {
        self.init()
        guard (try? TransitCode(code.span, for: self)) == nil, stop == nil, let last = fields.last else { return }
        // The credential is longer than the rest of the input. Usually the code was cut off. Then one of the
        // credential's fields is cut off too, and the error names that field.
        let start = last.range.upperBound
        _ = try? Credential(code.span.extracting(droppingFirst: start), at: start, for: self)
        switch stop?.fault {
        case nil, .leftOver:
            let needed = Int(code[start - 1])
            stop = (last.field, last.range.lowerBound, .tooShort(needed: needed, left: code.count - start))
        default: break
        }
    }
}

extension Trace<RecordField> {
    convenience init(record: [UInt8]) {
        self.init()
        guard Record(record.span, for: self) == nil, stop == nil else { return }
        // The error is in the head. When the format is wrong, there is no head to report. Otherwise the count is wrong.
        if !Explanation.looksLikeRecord(record) { fields = [] }
        let count = UInt16(min(record.count - 2, 0xFFF))
        stop = (.head, 0, .mustBe(Record.formatNibble << 12 | count))
    }
}
