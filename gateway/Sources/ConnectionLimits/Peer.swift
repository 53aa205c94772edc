import NIOCore

/// What connections are counted by: an address, or the prefix of one subscriber.
package struct Peer: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address, or the first 64 bits of an IPv6 one: one subscriber has all 2^64 below it.
    private let bits: UInt64
    private let isSix: Bool
    /// Whether the other end is this machine.
    package let isLocal: Bool
    /// For the log.
    package let description: String

    package init(_ address: SocketAddress?) {
        let text = address?.ipAddress
        switch address {
        case .v4(let address)?:
            self.init(four: UInt32(bigEndian: address.address.sin_addr.s_addr), text ?? "")
        case .v6(let address)?:
            let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
            let low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
            // ::ffff:192.0.2.1 is 192.0.2.1.
            if high == 0, low >> 32 == 0xFFFF {
                self.init(four: UInt32(truncatingIfNeeded: low), text ?? "")
            } else {
                self.init(high, isSix: true, isLocal: high == 0 && low == 1, text ?? "")
            }
        case .unixDomainSocket?: self.init(.max, isSix: false, isLocal: true, "this machine")
        case nil: self.init(.max, isSix: true, isLocal: false, "unknown")
        }
    }

    private init(four: UInt32, _ description: String) {
        self.init(UInt64(four), isSix: false, isLocal: four >> 24 == 127, description)
    }

    private init(_ bits: UInt64, isSix: Bool, isLocal: Bool, _ description: String) {
        (self.bits, self.isSix, self.isLocal, self.description) = (bits, isSix, isLocal, description)
    }

    package static func == (a: Peer, b: Peer) -> Bool { a.bits == b.bits && a.isSix == b.isSix }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bits)
        hasher.combine(isSix)
    }
}
