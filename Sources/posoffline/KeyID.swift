import CPosoffline
import TransitCode

@c @implementation
public func get_key_id(_ qrcode: UnsafePointer<UInt8>?) -> Int32 {
    var id: UInt8 = 0
    let outcome = returnCode { () throws(PosError) in
        guard let qrcode else { throw .illegalParam }
        id = try TransitCode.issuerKeyID(ofHead: unsafeBytes(qrcode, count: 3))
    }
    return outcome == SUCCESS ? Int32(id) : outcome
}
