import CPosoffline
import TransitCode

/// The version of this library. `POSOFFLINE_VERSION` in posoffline.h says the same; a test compares them.
private let versionText: StaticString = "1.0.0"

/// The version as records carry it.
var version: Span<UInt8> {
    @_lifetime(immortal) get { unsafeBytes(versionText.utf8Start, count: versionText.utf8CodeUnitCount) }
}

@c @implementation
public func get_version() -> UnsafeMutablePointer<CChar>? {
    UnsafeMutablePointer(mutating: cString(versionText))
}

@c @implementation
public func get_libposoffline_version(_ buffer: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    returnCode { () throws(PosError) in
        guard let buffer, count >= POSOFFLINE_VERSION_MIN else { throw .illegalParam }
        for index in 0...version.count { buffer[index] = cString(versionText)[index] }
    }
}
