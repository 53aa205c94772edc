import CPlatform
import CPosoffline
import TransitCode
import TransitGate

@c @implementation
public func init_pos_verify(_ keyList: UnsafePointer<CChar>?, _ cardTypeList: UnsafePointer<CChar>?) -> Int32 {
    returnCode { () throws(PosError) in
        guard let keyList, let cardTypeList else { throw .illegalParam }
        var keys = try loadKeys(from: text(keyList))
        defer { keys.release() }
        var cardTypes = try loadCardTypes(from: text(cardTypeList))
        defer { cardTypes.release() }

        try withLibraryState { (state) throws(PosError) in
            // Under the lock: fork() waits for it, so that no child has the key's file open, and no signal handler's frame
            // keeps the key.
            var file = RecordKeyFile()
            defer {
                file.wipe()
                posoffline_platform_wipe_calls()
            }
            try file.read()
            try state.useEnvironment(&file)
            // Nothing below fails: a fault anywhere above has left everything as it was. What was in force before is
            // released in place of what comes.
            swap(&state.keys, &keys)
            swap(&state.cardTypes, &cardTypes)
        }
    }
}

@c @implementation
public func free_pos_verify() {
    _ = returnCode { () throws(PosError) in
        try withLibraryState { (state) throws(PosError) in state.reset() }
    }
}

@c @implementation
public func posoffline_set_record_key(_ key: UnsafePointer<UInt8>?, _ count: Int32) -> Int32 {
    returnCode { () throws(PosError) in
        guard let key, count > 0 else { throw .illegalParam }
        try withLibraryState { (state) throws(PosError) in
            defer { posoffline_platform_wipe_calls() }
            guard state.recordKey.set(Span(_unsafeStart: key, count: Int(count))) else { throw .illegalParam }
            state.recordKeyIsFromCall = true
        }
    }
}

@c @implementation
public func posoffline_set_state_dir(_ path: UnsafePointer<CChar>?) -> Int32 {
    returnCode { () throws(PosError) in
        guard let path else { throw .illegalParam }
        try withLibraryState { (state) throws(PosError) in try state.stateDirectory.use(path, for: &state.replay) }
    }
}

private func loadKeys(from json: Span<UInt8>) throws(PosError) -> HeapBuffer<IssuerKey<Backend.IssuerKey>> {
    var keys = try block(of: IssuerKey<Backend.IssuerKey>.self, count: TerminalLists.countKeys(in: json))
    do throws(PosError) {
        var span = keys.mutableSpan
        try TerminalLists.loadKeys(from: json, into: &span, by: Backend.self)
    } catch {
        keys.release()
        throw error
    }
    return keys
}

private func loadCardTypes(from json: Span<UInt8>) throws(PosError) -> HeapBuffer<CardType> {
    var cardTypes = try block(of: CardType.self, count: TerminalLists.countCardTypes(in: json))
    do throws(PosError) {
        var span = cardTypes.mutableSpan
        try TerminalLists.loadCardTypes(from: json, into: &span)
    } catch {
        cardTypes.release()
        throw error
    }
    return cardTypes
}

private func block<Element: BitwiseCopyable>(of type: Element.Type, count: Int) throws(PosError) -> HeapBuffer<Element> {
    guard let block = HeapBuffer<Element>(count: count) else { throw .outOfMemory }
    return block
}
