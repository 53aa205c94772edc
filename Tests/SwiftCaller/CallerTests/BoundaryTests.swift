import CPosoffline
import Foundation
import Testing

/// Tests of the C interface from Swift. The library's state is global, so the tests run one at a time.
@Suite(.serialized) struct BoundaryTests {
    init() { Terminal.restart() }

    // MARK: Buffers

    @Test(arguments: Function.allCases)
    func `every buffer is refused below its minimum and taken from there on`(function: Function) {
        for buffer in function.buffers {
            let minimum = Int32(buffer.minimum)
            for (length, expected) in [
                (minimum - 1, ILLEGAL_PARAM), (0, ILLEGAL_PARAM), (-1, ILLEGAL_PARAM), (-minimum, ILLEGAL_PARAM),
                (Int32.min, ILLEGAL_PARAM), (minimum, SUCCESS), (minimum + 1, SUCCESS),
            ] {
                Terminal.restart()
                var call = Call(CodeDraft().signed())
                call.lengths[buffer.rawValue] = length
                let outcome = call.run(function)
                #expect(outcome.returnCode == expected, "\(function) \(buffer) \(length)")
                if expected != SUCCESS { expectUntouched(outcome, call) }
            }
        }
    }

    @Test func `after success the lengths are those of the values`() {
        let draft = CodeDraft()
        var call = Call(draft.signed())
        call.lengths = Buffer.allCases.map { Int32($0.minimum) + 700 }
        for function in [Function.info, .verifyV2] {
            let outcome = call.run(function)
            #expect(outcome.returnCode == SUCCESS)
            #expect(outcome.text(.userID) == draft.userID)
            #expect(outcome.text(.cardNumber) == draft.cardNumber)
            #expect(outcome.value(.cardData) == draft.cardData)
            #expect(outcome.text(.cardType) == draft.cardType)
            expectWrittenInside(outcome, call, function)
        }
        Terminal.restart()
        let outcome = call.run(.verify)
        #expect(outcome.returnCode == SUCCESS)
        #expect(outcome.text(.userID) == draft.userID)
        expectWrittenInside(outcome, call, .verify)
    }

    @Test func `a record is upper-case hex of the published length`() throws {
        let code = CodeDraft().signed()
        let outcome = Call(code).run(.verifyV2)
        #expect(outcome.returnCode == SUCCESS)
        let record = outcome.text(.record)
        #expect(record.utf8.allSatisfy { "0123456789ABCDEF".utf8.contains($0) })
        #expect(record.contains(hex(code).uppercased()), "the code is in its record")
        #expect(record.utf8.count < POSOFFLINE_RECORD_MAX)
    }

    // MARK: NULL

    @Test(arguments: Function.allCases) func `NULL in any place is a bad argument`(function: Function) {
        var pointers: [Pointer] = [.request, .response, .code] + function.buffers.map { .buffer($0) }
        if function != .info { pointers.append(.posParam) }
        if function == .verify { pointers.append(.key) }
        for pointer in pointers {
            var call = Call(CodeDraft().signed())
            call.null = [pointer]
            let outcome = call.run(function)
            #expect(outcome.returnCode == ILLEGAL_PARAM, "\(function) \(pointer)")
            expectUntouched(outcome, call)
        }
        #expect(Call(CodeDraft().signed()).run(function).returnCode == SUCCESS)
    }

    @Test func `NULL in the other functions is a bad argument`() {
        #expect(init_pos_verify(nil, Terminal.cardTypes) == ILLEGAL_PARAM)
        #expect(init_pos_verify(Terminal.keyList, nil) == ILLEGAL_PARAM)
        #expect(get_key_id(nil) == ILLEGAL_PARAM)
        #expect(get_libposoffline_version(nil, 16) == ILLEGAL_PARAM)
        #expect(posoffline_set_record_key(nil, 16) == ILLEGAL_PARAM)
        #expect(posoffline_set_state_dir(nil) == ILLEGAL_PARAM)
    }

    // MARK: The twelve codes besides SUCCESS, and SUCCESS

    @Test func `1, a good code`() { expect(SUCCESS, CodeDraft()) }

    @Test func `-1, a code with a byte changed`() {
        var code = CodeDraft().signed()
        code[10] ^= 1
        expect(MALFORMED_QRCODE, Call(code))
    }

    @Test func `-2, a code outside its window`() {
        var draft = CodeDraft()
        draft.generated -= 1000
        expect(QRCODE_INFO_EXPIRED, draft)
    }

    @Test func `-3, a credential that has expired`() {
        var draft = CodeDraft()
        draft.expiry = CodeDraft.now - 1000
        expect(QRCODE_KEY_EXPIRED, draft)
    }

    @Test func `-4, a pos_param that is no object`() {
        var call = Call(CodeDraft().signed())
        call.posParam = "[]"
        expect(POS_PARAM_ERROR, call)
    }

    @Test func `-5, a fare above the quota`() {
        var call = Call(CodeDraft().signed())
        call.amountCent = 2001
        expect(QUOTA_EXCEEDED, call)
        call.amountCent = 2000
        expect(SUCCESS, call)
    }

    @Test func `-6, a list for which there is no memory`() throws {
        // The list of 500,000 names needs 4 MB, and the limit leaves 1 MiB. The limit is RLIMIT_DATA, because the heap
        // of a thread reserves address space in advance, which RLIMIT_AS would count.
        let name = Array(#""CITY0001","#.utf8)
        let types = [CChar](unsafeUninitializedCapacity: 500_000 * name.count + 2) { buffer, count in
            count = buffer.count
            for index in buffer.indices { buffer[index] = CChar(name[(index + name.count - 1) % name.count]) }
            buffer[0] = CChar(UInt8(ascii: "["))
            buffer[count - 1] = 0
            buffer[count - 2] = CChar(UInt8(ascii: "]"))
        }
        #expect(init_pos_verify(Terminal.keyList, types) == SUCCESS)
        Terminal.restart()
        var before = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &before) == 0)
        let status = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = try #require(rlim_t(status.split(separator: " ")[5]))
        var tight = before
        tight.rlim_cur = pages * rlim_t(getpagesize()) + 1 << 20
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &tight)
        let returnCode = init_pos_verify(Terminal.keyList, types)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &before)
        #expect(returnCode == NO_ENOUGH_MEMORY)
        // The previous lists are still active.
        expect(SUCCESS, CodeDraft())
    }

    @Test func `-7, a state directory that another process uses`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "posoffline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let descriptor = open(directory.path, O_RDONLY)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(posoffline_set_state_dir(directory.path) == SYSTEM_ERROR)
        // No state directory is set after the failure.
        expect(SUCCESS, CodeDraft())
    }

    @Test func `-8, a card type that is not in the list`() {
        var draft = CodeDraft()
        draft.cardType = "CITY0002"
        expect(CARDTYPE_UNSUPPORTED, draft)
    }

    @Test func `-9, before init_pos_verify`() {
        free_pos_verify()
        let call = Call(CodeDraft().signed())
        expect(NOT_INITIALIZED, call)
        #expect(call.run(.info).returnCode == NOT_INITIALIZED)
        #expect(call.run(.verify).returnCode == SUCCESS, "which brings its own key")
    }

    @Test func `-10, an issuer key that is not in the list`() {
        var draft = CodeDraft()
        draft.keyID = 8
        expect(ILLEGAL_PARAM, draft)
    }

    @Test func `-11, another version of the protocol`() {
        var draft = CodeDraft()
        draft.version = 3
        expect(PROTO_UNSUPPORTED, draft)
        #expect(draft.signed().withUnsafeBufferPointer { get_key_id($0.baseAddress) } == PROTO_UNSUPPORTED)
    }

    @Test func `-12, a code that has been accepted`() {
        let call = Call(CodeDraft().signed())
        expect(SUCCESS, call)
        expect(QRCODE_DUPLICATED, call)
        #expect(call.run(.verify).returnCode == QRCODE_DUPLICATED)
    }

    // MARK: The rest

    @Test func `the key id of a code is read`() {
        #expect(CodeDraft().signed().withUnsafeBufferPointer { get_key_id($0.baseAddress) } == 7)
    }

    @Test func `the version is the header's`() {
        #expect(String(cString: get_version()) == POSOFFLINE_VERSION)
        var buffer = [CChar](repeating: 1, count: 17)
        #expect(get_libposoffline_version(&buffer, 15) == ILLEGAL_PARAM)
        #expect(buffer == [CChar](repeating: 1, count: 17))
        #expect(get_libposoffline_version(&buffer, 16) == SUCCESS)
        #expect(buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } == POSOFFLINE_VERSION)
        #expect(buffer[16] == 1)
    }

    @Test(arguments: -12...1) func `each code has a text in English and in Chinese`(code: Int32) {
        #expect(String(cString: posoffline_strerror(code)).utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(!String(cString: posoffline_strerror(code)).isEmpty)
        #expect(String(cString: posoffline_prompt(code)).unicodeScalars.allSatisfy { $0.value >= 0x4E00 })
    }

    @Test func `a record key has 16 to 64 bytes`() {
        let key = [UInt8](0..<66)
        for (length, expected) in [
            (15, ILLEGAL_PARAM), (16, SUCCESS), (64, SUCCESS), (65, ILLEGAL_PARAM), (0, ILLEGAL_PARAM),
            (-1, ILLEGAL_PARAM),
        ] {
            #expect(posoffline_set_record_key(key, Int32(length)) == expected, "\(length)")
        }
    }

    // MARK: Checks

    private func expect(_ expected: Int32, _ draft: CodeDraft, at location: SourceLocation = #_sourceLocation) {
        expect(expected, Call(draft.signed()), at: location)
    }

    private func expect(_ expected: Int32, _ call: Call, at location: SourceLocation = #_sourceLocation) {
        let outcome = call.run(.verifyV2)
        #expect(outcome.returnCode == expected, sourceLocation: location)
        if expected != SUCCESS { expectUntouched(outcome, call, at: location) }
    }

    private func expectUntouched(
        _ outcome: Call.Outcome, _ call: Call, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.lengths == call.lengths, sourceLocation: location)
        #expect(outcome.memory.allSatisfy { $0.allSatisfy { $0 == Call.fill } }, sourceLocation: location)
    }

    /// Checks that a call wrote each value and its NUL, and no other byte.
    private func expectWrittenInside(
        _ outcome: Call.Outcome, _ call: Call, _ function: Function, at location: SourceLocation = #_sourceLocation
    ) {
        for buffer in function.buffers {
            let memory = outcome.memory[buffer.rawValue]
            let end = Call.margin + Int(outcome.lengths[buffer.rawValue])
            #expect(outcome.lengths[buffer.rawValue] < call.lengths[buffer.rawValue], sourceLocation: location)
            #expect(memory.prefix(Call.margin).allSatisfy { $0 == Call.fill }, sourceLocation: location)
            if buffer.terminator == 1 { #expect(memory[end] == 0, "\(buffer)", sourceLocation: location) }
            #expect(
                memory.dropFirst(end + buffer.terminator).allSatisfy { $0 == Call.fill }, "\(buffer)",
                sourceLocation: location)
        }
    }
}
