import CPlatform
import CPosoffline
import TransitCode
import TransitGate

@c @implementation
public func verify_qrcode_v2(
    _ request: UnsafeMutablePointer<VERIFY_REQUEST_V2>?, _ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>?
) -> Int32 {
    returnCode { () throws(PosError) in
        try requireReady(for: .lists)
        guard let request = request?.pointee, let response, var card = CardOutputs(response),
            var uid = Output(response.pointee.uid, response.pointee.uid_len),
            var record = Output(response.pointee.record, response.pointee.record_len)
        else { throw .illegalParam }
        try verify(
            qrcode: request.qrcode, count: request.qrcode_len, posParam: request.pos_param,
            amountCent: request.amount_cent, issuerKeys: .lists,
            capacities: card.capacities(userID: uid, record: record)
        ) { code, bytes in
            uid.write(code.credential.userID)
            record.writeHex(bytes)
            card.write(code)
        }
        response.pointee.uid_len = uid.count
        response.pointee.record_len = record.count
        card.writeLengths(to: response)
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
        publicKey.append(unsafeText(key, limit: 2 * ListedKey.publicKeyCount + 1))
        guard publicKey.isComplete else { throw .illegalParam }
        try verify(
            qrcode: request.qrcode, count: request.qrcode_len, posParam: request.pos_param,
            amountCent: request.amount_cent, issuerKeys: .caller(publicKey.bytes),
            capacities: BufferCapacities(userID: uid.capacity, record: record.capacity)
        ) { code, bytes in
            uid.write(code.credential.userID)
            record.writeHex(bytes)
        }
        response.pointee.uid_len = uid.count
        response.pointee.record_len = record.count
    }
}

@c @implementation
public func get_qrcode_info(
    _ request: UnsafeMutablePointer<INFO_REQUEST>?, _ response: UnsafeMutablePointer<INFO_RESPONSE>?
) -> Int32 {
    returnCode { () throws(PosError) in
        try requireReady(for: .lists)
        guard let request = request?.pointee, let qrcode = request.qrcode, request.qrcode_len >= 1, let response,
            var card = CardOutputs(response), var uid = Output(response.pointee.uid, response.pointee.uid_len)
        else { throw .illegalParam }
        let capacities = card.capacities(userID: uid)
        guard capacities.meetsMinimum else { throw .illegalParam }
        let copy = CodeCopy(unsafeBytes(qrcode, count: Int(request.qrcode_len)))
        let code = try TransitCode(copy.span)
        guard capacities.holds(code) else { throw .illegalParam }
        uid.write(code.credential.userID)
        card.write(code)
        response.pointee.uid_len = uid.count
        card.writeLengths(to: response)
    }
}

/// The longest code and one byte more.
private typealias CodeCopy = InputCopy<777>

/// The longest pos_param and one byte more.
private typealias PosParamCopy = InputCopy<1025>

/// The whole of a verification. Calls `write` once, at the end of a verification that succeeds, with the code and its
/// record.
private func verify(
    qrcode: UnsafePointer<UInt8>?, count: Int32, posParam: UnsafePointer<CChar>?, amountCent: Int32,
    issuerKeys: IssuerKeySource, capacities: BufferCapacities, write: (borrowing TransitCode, Span<UInt8>) -> Void
) throws(PosError) {
    guard let qrcode, count >= 1, let posParam, amountCent >= 0, capacities.meetsMinimum else { throw .illegalParam }
    let codeCopy = CodeCopy(unsafeBytes(qrcode, count: Int(count)))
    let posParamCopy = PosParamCopy(unsafeText(posParam, limit: PosParam.maxCount + 1))

    let code = try TransitCode(codeCopy.span)
    let identity = ReplayIdentity(of: code, by: Backend.self)
    let request = VerificationRequest(
        posParam: posParamCopy.span, amountCent: UInt32(amountCent), now: currentTime())
    let status = try codeStatus(
        cardType: code.credential.cardType, identity: identity, issuerKeyID: code.issuerKeyID, issuerKeys: issuerKeys)
    let acceptedAt = try Gate.decide(code, status: status, request: request, by: Backend.self)

    var record = RecordBuffer()
    try record.compose(
        code: code.bytes, posParam: request.posParam, amountCent: request.amountCent, acceptedAt: acceptedAt,
        version: version)
    try sign(&record, issuerKeys: issuerKeys)
    guard capacities.holds(code), capacities.holdsRecord(count: record.count) else { throw .illegalParam }

    let lastSecond = code.lastSecond
    try withReadyState(for: issuerKeys) { (state) throws(PosError) in
        try state.accept(identity, until: lastSecond, now: acceptedAt)
    }
    write(code, record.bytes)
}

/// What the library knows of a code. The lock is free again when this returns, so the signatures are checked without
/// it.
private func codeStatus(
    cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8, issuerKeys: IssuerKeySource
) throws(PosError) -> CodeStatus<Backend.IssuerKey> {
    switch issuerKeys {
    case .lists:
        return try withReadyState(for: issuerKeys) { (state) throws(PosError) in
            try state.status(cardType: cardType, identity: identity, issuerKeyID: issuerKeyID)
        }
    case .caller(let publicKey):
        let hasBeenAccepted = try withReadyState(for: issuerKeys) { (state) throws(PosError) in
            try state.hasAccepted(identity)
        }
        return CodeStatus(
            supportsCardType: true, hasBeenAccepted: hasBeenAccepted,
            issuerKey: hasBeenAccepted ? nil : Backend.issuerKey(publicKey.span))
    }
}

/// Appends the key id and the MAC to a composed record, with the record key in force.
private func sign(_ record: inout RecordBuffer, issuerKeys: IssuerKeySource) throws(PosError) {
    // A signal handler's frame would save the registers.
    var held = posoffline_platform_signals()
    posoffline_platform_block_signals(&held)
    // The compiler may keep parts of the key in registers and on the stack, where the key's own wipe does not reach.
    defer {
        posoffline_platform_wipe_stack_and_registers()
        posoffline_platform_restore_signals(&held)
    }
    try signWithCopy(&record, issuerKeys: issuerKeys)
}

/// Not inlined, so that everything that touches the key is in dead stack frames when it returns.
@inline(never)
private func signWithCopy(_ record: inout RecordBuffer, issuerKeys: IssuerKeySource) throws(PosError) {
    // A copy, because hashing under the lock would make other threads wait.
    var key = RecordKey()
    defer { key.wipe() }
    // free_pos_verify may have been called since the status was read, and the operator's key is gone then: `ready`
    // checks that again.
    try withReadyState(for: issuerKeys) { (state) throws(PosError) in key.copy(from: state.recordKey) }
    try key.sign(&record, by: Backend.self)
}
