// What the targets need of modules that the C interface does not show by themselves.

import TransitCode
import TransitCrypto

private func span(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: start, count: count)
}

/// Appends bytes to a buffer; all must fit.
private struct Writer {
    let start: UnsafeMutablePointer<UInt8>
    var count = 0

    mutating func put(_ byte: UInt8) {
        start[count] = byte
        count += 1
    }

    mutating func put(_ bytes: Span<UInt8>) { for index in bytes.indices { put(bytes[index]) } }

    mutating func put(counted bytes: Span<UInt8>) {
        put(UInt8(bytes.count))
        put(bytes)
    }

    mutating func put(_ number: UInt16) {
        put(UInt8(number >> 8))
        put(UInt8(number & 0xFF))
    }

    mutating func put(_ number: UInt32) {
        put(UInt16(number >> 16))
        put(UInt16(number & 0xFFFF))
    }
}

/// Parses a code and writes its fields to `out` as a code again. Returns the number of bytes, or the error.
@c public func fuzz_rewrite_code(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>
) -> Int {
    do throws(PosError) {
        let code = try TransitCode(span(start, count).span)
        let credential = code.credential
        var writer = Writer(start: out)
        writer.put(TransitCode.protocolVersion)
        writer.put(code.algorithm)
        writer.put(code.issuerKeyID)
        writer.put(UInt8(credential.bytes.count))
        writer.put(credential.userID)
        writer.put(credential.expiry)
        writer.put(credential.window)
        writer.put(credential.quotaCent)
        writer.put(credential.reserved)
        writer.put(credential.userPublicKey)
        for index in 0..<CardType.count { writer.put(credential.cardType[index]) }
        writer.put(counted: credential.cardNumber)
        writer.put(counted: credential.cardData)
        writer.put(counted: code.issuerSignature)
        writer.put(UInt8(4))
        writer.put(code.generated)
        guard code.userSigned.count == writer.count else { return 0 }
        writer.put(counted: code.userSignature)
        return writer.count
    } catch { return Int(error.rawValue) }
}

/// The result of PosParam.check: 1, 2 and 3 for the trips, or the error.
@c public func fuzz_pos_param(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    do throws(PosError) {
        switch try PosParam.check(span(start, count).span) {
        case .single: return 1
        case .entry: return 2
        case .exit: return 3
        }
    } catch { return Int(error.rawValue) }
}

/// Parses a DER signature. `out` has 256 bytes: the length of r, r, the length of s, s. False if it is invalid.
@c public func fuzz_der(_ start: UnsafePointer<UInt8>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>) -> Bool {
    guard let signature = DERSignature(span(start, count).span) else { return false }
    var writer = Writer(start: out)
    writer.put(counted: signature.r)
    writer.put(counted: signature.s)
    return true
}

/// Parses a record and composes it again. Returns the number of bytes, -1 if the record is invalid, -2 if it is too long
/// to compose.
@c public func fuzz_rewrite_record(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>
) -> Int {
    guard let record = Record(span(start, count).span) else { return -1 }
    guard record.authenticated.count + 2 + Record.macCount == count else { return 0 }
    var buffer = RecordBuffer()
    do throws(PosError) {
        try buffer.compose(
            code: record.code, posParam: record.posParam, amountCent: record.amountCent,
            acceptedAt: record.acceptedAt, version: record.version)
        try buffer.append(record.keyID)
        buffer.close()
        try buffer.append(record.mac)
    } catch { return -2 }
    var writer = Writer(start: out)
    writer.put(buffer.bytes)
    return writer.count
}
