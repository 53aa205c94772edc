import CPlatform
import CPosoffline
import TransitCode
import TransitGate

@c @implementation
public func init_pos_verify(_ keyList: UnsafePointer<CChar>?, _ cardTypeList: UnsafePointer<CChar>?) -> Int32 {
    returnCode { () throws(PosError) in
        guard let keyList, let cardTypeList else { throw .illegalParam }
        var lists = IssuerLists()
        try lists.load(keyList: unsafeText(keyList), cardTypeList: unsafeText(cardTypeList))

        try withLibraryState { (state) throws(PosError) in
            // Under the lock: fork() waits for it, so no child inherits the open key file; and signals are blocked, so
            // no signal handler's frame saves registers with the key.
            var file = RecordKeyFile()
            defer {
                file.wipe()
                posoffline_platform_wipe_stack_and_registers()
            }
            try file.read()
            try state.useEnvironment(&file)
            // Nothing below fails. A failure above has changed nothing.
            swap(&state.lists, &lists)
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
            defer { posoffline_platform_wipe_stack_and_registers() }
            guard state.setRecordKey(unsafeBytes(key, count: Int(count))) else { throw .illegalParam }
        }
    }
}

@c @implementation
public func posoffline_set_state_dir(_ path: UnsafePointer<CChar>?) -> Int32 {
    returnCode { () throws(PosError) in
        guard let path else { throw .illegalParam }
        try withLibraryState { (state) throws(PosError) in try state.setStateDirectory(path) }
    }
}
