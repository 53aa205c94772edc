import CPosoffline

/// The functions of the headers that take a request and fill a response.
enum Function: CaseIterable {
    case verifyV2, verify, info

    /// The buffers of the function's response.
    var buffers: [Buffer] {
        switch self {
        case .verifyV2: Buffer.allCases
        case .verify: [.userID, .record]
        case .info: [.userID, .cardNumber, .cardData, .cardType]
        }
    }
}

/// The buffers of the responses.
enum Buffer: Int, CaseIterable {
    case userID, record, cardNumber, cardData, cardType

    /// The minimum size in bytes, from pos_crypto.h.
    var minimum: Int { [17, 2048, 17, 65, 9][rawValue] }

    /// The number of bytes after the value: 1 for a NUL, or 0.
    var terminator: Int { self == .cardData ? 0 : 1 }
}

/// The pointers of a call. A test can set each to NULL.
enum Pointer: Hashable {
    case request, response, code, posParam, key
    case buffer(Buffer)
}

/// The arguments of one call, and the caller's memory after it.
struct Call {
    static let posParam = #"{"pos_id":"20170000000001","type":"SINGLE","subject":"line 1","record_id":"sh001_1"}"#
    static let fill: UInt8 = 0xA5
    /// The number of guard bytes before and after each buffer. The library does not know of them.
    static let margin = 64

    var code: [UInt8]
    var codeLength: Int32
    var posParam = Call.posParam
    var key = hex(CodeDraft.issuer.publicKey)
    var amountCent: Int32 = 200
    var lengths = Buffer.allCases.map { Int32($0.minimum) }
    var null: Set<Pointer> = []

    init(_ code: [UInt8]) {
        self.code = code
        codeLength = Int32(code.count)
    }

    struct Outcome {
        let returnCode: Int32
        /// The *_len field of each buffer after the call.
        let lengths: [Int32]
        /// The memory of each buffer with its guard bytes.
        let memory: [[UInt8]]

        func value(_ buffer: Buffer) -> [UInt8] {
            Array(memory[buffer.rawValue].dropFirst(Call.margin).prefix(Int(lengths[buffer.rawValue])))
        }

        func text(_ buffer: Buffer) -> String { String(decoding: value(buffer), as: UTF8.self) }
    }

    func run(_ function: Function) -> Outcome {
        let rooms = lengths.map { length in Int(min(max(length, 0), 8192)) }
        var memory = rooms.map { [UInt8](repeating: Self.fill, count: $0 + 2 * Self.margin) }
        var after = lengths
        let returnCode = withBuffers(&memory) { buffers in
            code.withUnsafeBufferPointer { code in
                posParam.withCString { posParam in
                    key.withCString { key in
                        call(
                            function, code: null.contains(.code) ? nil : code.baseAddress,
                            posParam: null.contains(.posParam) ? nil : posParam,
                            key: null.contains(.key) ? nil : key, buffers: buffers, lengths: &after)
                    }
                }
            }
        }
        return Outcome(returnCode: returnCode, lengths: after, memory: memory)
    }

    /// The address of each buffer, after its first guard bytes.
    private func withBuffers(
        _ memory: inout [[UInt8]], _ body: ([UnsafeMutablePointer<UInt8>?]) -> Int32
    ) -> Int32 {
        func next(_ index: Int, _ found: [UnsafeMutablePointer<UInt8>?], _ memory: inout [[UInt8]]) -> Int32 {
            if index == memory.count { return body(found) }
            var room = memory[index]
            let result = room.withUnsafeMutableBufferPointer { room in
                let isNull = null.contains(.buffer(Buffer(rawValue: index)!))
                return next(index + 1, found + [isNull ? nil : room.baseAddress! + Self.margin], &memory)
            }
            memory[index] = room
            return result
        }
        return next(0, [], &memory)
    }

    private func call(
        _ function: Function, code: UnsafePointer<UInt8>?, posParam: UnsafePointer<CChar>?,
        key: UnsafePointer<CChar>?, buffers: [UnsafeMutablePointer<UInt8>?], lengths: inout [Int32]
    ) -> Int32 {
        func text(_ buffer: Buffer) -> UnsafeMutablePointer<CChar>? {
            buffers[buffer.rawValue].map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self) }
        }
        let (uid, record, cardNumber, cardType) = (text(.userID), text(.record), text(.cardNumber), text(.cardType))
        let cardData = buffers[Buffer.cardData.rawValue]
        switch function {
        case .verifyV2:
            var request = VERIFY_REQUEST_V2(
                qrcode: code, qrcode_len: codeLength, pos_param: posParam, amount_cent: amountCent)
            var response = VERIFY_RESPONSE_V2(
                uid: uid, uid_len: lengths[0], record: record, record_len: lengths[1], card_no: cardNumber,
                card_no_len: lengths[2], card_data: cardData, card_data_len: lengths[3], card_type: cardType,
                card_type_len: lengths[4])
            defer {
                lengths = [
                    response.uid_len, response.record_len, response.card_no_len, response.card_data_len,
                    response.card_type_len,
                ]
            }
            return withPointers(&request, &response) { verify_qrcode_v2($0, $1) }
        case .verify:
            var request = VERIFY_REQUEST(
                qrcode: code, qrcode_len: codeLength, master_pub_key: key, pos_param: posParam,
                amount_cent: amountCent)
            var response = VERIFY_RESPONSE(uid: uid, uid_len: lengths[0], record: record, record_len: lengths[1])
            defer { lengths.replaceSubrange(0...1, with: [response.uid_len, response.record_len]) }
            return withPointers(&request, &response) { verify_qrcode($0, $1) }
        case .info:
            var request = INFO_REQUEST(qrcode: code, qrcode_len: codeLength)
            var response = INFO_RESPONSE(
                uid: uid, uid_len: lengths[0], card_no: cardNumber, card_no_len: lengths[2], card_data: cardData,
                card_data_len: lengths[3], card_type: cardType, card_type_len: lengths[4])
            defer {
                lengths[0] = response.uid_len
                lengths.replaceSubrange(
                    2...4, with: [response.card_no_len, response.card_data_len, response.card_type_len])
            }
            return withPointers(&request, &response) { get_qrcode_info($0, $1) }
        }
    }

    private func withPointers<Request, Response>(
        _ request: inout Request, _ response: inout Response,
        _ body: (UnsafeMutablePointer<Request>?, UnsafeMutablePointer<Response>?) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &request) { request in
            withUnsafeMutablePointer(to: &response) { response in
                body(null.contains(.request) ? nil : request, null.contains(.response) ? nil : response)
            }
        }
    }
}

/// The library in this process. The tests use it one after another.
enum Terminal {
    static let keyList = #"[{"key_id":7,"public_key":"\#(hex(CodeDraft.issuer.publicKey))"}]"#
    static let cardTypes = #"["CITY0001"]"#

    /// Frees the library and initialises it again, so that it has no state.
    static func restart() {
        free_pos_verify()
        precondition(init_pos_verify(keyList, cardTypes) == SUCCESS)
    }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
}
