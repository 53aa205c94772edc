import CPlatform
import CPosoffline
import TransitCode
import TransitGate

@c @implementation
public func verify_qrcode_v2(
    _ request: UnsafeMutablePointer<VERIFY_REQUEST_V2>?, _ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>?
) -> Int32 {
    returnCode { () throws(PosError) in
        try requireInitialized()
        guard let request = request?.pointee, let response, var card = CardOutputs(response),
            var uid = Output(response.pointee.uid, response.pointee.uid_len),
            var record = Output(response.pointee.record, response.pointee.record_len)
        else { throw .illegalParam }
        try verify(
            qrcode: request.qrcode, count: request.qrcode_len, posParam: request.pos_param,
            amountCent: request.amount_cent, at: ListTerminal(), room: card.room(userID: uid, record: record)
        ) { code, bytes in
            uid.write(code.credential.userID)
            record.writeHex(bytes)
            card.write(code)
        }
        response.pointee.uid_len = uid.count
        response.pointee.record_len = record.count
        card.tell(response)
    }
}

@c @implementation
public func verify_qrcode(
    _ request: UnsafeMutablePointer<VERIFY_REQUEST>?, _ response: UnsafeMutablePointer<VERIFY_RESPONSE>?
) -> Int32 {
    returnCode { () throws(PosError) in
        guard let request = request?.pointee, let response, let key = request.master_pub_key,
            var uid = Output(response.pointee.uid, response.pointee.uid_len),
            var record = Output(response.pointee.record, response.pointee.record_len)
        else { throw .illegalParam }
        var publicKey = HexText<33>()
        let digits = text(key, limit: 2 * ListedKey.publicKeyCount + 1)
        for index in digits.indices { publicKey.append(digits[index]) }
        guard publicKey.isComplete else { throw .illegalParam }
        try verify(
            qrcode: request.qrcode, count: request.qrcode_len, posParam: request.pos_param,
            amountCent: request.amount_cent, at: KeyTerminal(publicKey: publicKey.bytes),
            room: BufferCapacities(userID: uid.room, record: record.room)
        ) { code, bytes in
            uid.write(code.credential.userID)
            record.writeHex(bytes)
        }
        response.pointee.uid_len = uid.count
        response.pointee.record_len = record.count
    }
}

/// The bytes of one code, and the one byte more that shows a longer input.
private typealias CodeCopy = InputCopy<777>

/// The bytes of a pos_param, and the one byte more that shows a longer one.
private typealias PosParamCopy = InputCopy<1025>

/// The whole of a verification. `write` is called once, at the end of one that succeeds, with the code and its record.
private func verify(
    qrcode: UnsafePointer<UInt8>?, count: Int32, posParam: UnsafePointer<CChar>?, amountCent: Int32,
    at terminal: some Terminal, room: BufferCapacities, write: (borrowing TransitCode, Span<UInt8>) -> Void
) throws(PosError) {
    guard let qrcode, count >= 1, let posParam, amountCent >= 0, room.meetsMinimum else { throw .illegalParam }
    let codeCopy = CodeCopy(bytes(qrcode, count: Int(count)))
    let posParamCopy = PosParamCopy(text(posParam, limit: PosParam.maxCount + 1))

    let code = try TransitCode(codeCopy.span)
    let request = VerificationRequest(
        posParam: posParamCopy.span, amountCent: UInt32(amountCent), now: currentTime(), room: room)
    var record = RecordBuffer()
    try Gate.verify(code, for: request, at: terminal, version: version, record: &record)
    write(code, record.bytes)
}

@c @implementation
public func get_qrcode_info(
    _ request: UnsafeMutablePointer<INFO_REQUEST>?, _ response: UnsafeMutablePointer<INFO_RESPONSE>?
) -> Int32 {
    returnCode { () throws(PosError) in
        try requireInitialized()
        guard let request = request?.pointee, let qrcode = request.qrcode, request.qrcode_len >= 1, let response,
            var card = CardOutputs(response), var uid = Output(response.pointee.uid, response.pointee.uid_len)
        else { throw .illegalParam }
        let room = card.room(userID: uid)
        guard room.meetsMinimum else { throw .illegalParam }
        let copy = CodeCopy(bytes(qrcode, count: Int(request.qrcode_len)))
        let code = try TransitCode(copy.span)
        guard room.holds(code) else { throw .illegalParam }
        uid.write(code.credential.userID)
        card.write(code)
        response.pointee.uid_len = uid.count
        card.tell(response)
    }
}
