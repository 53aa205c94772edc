/// The CRC-32 of each value of four bits.
private let remainders: InlineArray<16, UInt32> = [
    0x0000_0000, 0x1DB7_1064, 0x3B6E_20C8, 0x26D9_30AC, 0x76DC_4190, 0x6B6B_51F4, 0x4DB2_6158, 0x5005_713C,
    0xEDB8_8320, 0xF00F_9344, 0xD6D6_A3E8, 0xCB61_B38C, 0x9B64_C2B0, 0x86D3_D2D4, 0xA00A_E278, 0xBDBD_F21C,
]

/// Detects accidental damage. It does not protect against an attacker.
enum Checksum {
    /// CRC-32 as in Ethernet (reflected, polynomial 04C11DB7), four bits at a time.
    static func crc32(_ bytes: Span<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for index in bytes.indices {
            crc ^= UInt32(bytes[index])
            for _ in 0..<2 { crc = crc >> 4 ^ remainders[Int(truncatingIfNeeded: crc & 15)] }
        }
        return ~crc
    }
}
