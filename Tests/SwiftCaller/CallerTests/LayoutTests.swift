import CPosoffline
import Testing

/// The layout of the structures for compilers of other languages (pos_crypto.h, "Structures").
@Suite struct LayoutTests {
    /// Sizes and offsets with natural alignment, as C compilers use it.
    private static let pointer = MemoryLayout<UnsafeRawPointer>.size

    @Test func `sizes are those of pos_crypto.h`() {
        #expect(Self.pointer == 8, "the figures below are those of 64-bit pointers")
        #expect(MemoryLayout<INFO_REQUEST>.stride == 16)
        #expect(MemoryLayout<INFO_RESPONSE>.stride == 64)
        #expect(MemoryLayout<VERIFY_REQUEST_V2>.stride == 32)
        #expect(MemoryLayout<VERIFY_RESPONSE_V2>.stride == 80)
        #expect(MemoryLayout<VERIFY_REQUEST>.stride == 40)
        #expect(MemoryLayout<VERIFY_RESPONSE>.stride == 32)
        #expect(MemoryLayout<VERIFY_RESPONSE_V2>.alignment == 8)
    }

    @Test func `offsets are those of pos_crypto.h`() {
        #expect(
            offsets([\INFO_REQUEST.qrcode, \.qrcode_len]) == [0, 8])
        #expect(
            offsets([
                \INFO_RESPONSE.uid, \.uid_len, \.card_no, \.card_no_len, \.card_data, \.card_data_len, \.card_type,
                \.card_type_len,
            ]) == [0, 8, 16, 24, 32, 40, 48, 56])
        #expect(
            offsets([\VERIFY_REQUEST_V2.qrcode, \.qrcode_len, \.pos_param, \.amount_cent]) == [0, 8, 16, 24])
        #expect(
            offsets([
                \VERIFY_RESPONSE_V2.uid, \.uid_len, \.record, \.record_len, \.card_no, \.card_no_len, \.card_data,
                \.card_data_len, \.card_type, \.card_type_len,
            ]) == [0, 8, 16, 24, 32, 40, 48, 56, 64, 72])
        #expect(
            offsets([\VERIFY_REQUEST.qrcode, \.qrcode_len, \.master_pub_key, \.pos_param, \.amount_cent])
                == [0, 8, 16, 24, 32])
        #expect(
            offsets([\VERIFY_RESPONSE.uid, \.uid_len, \.record, \.record_len]) == [0, 8, 16, 24])
    }

    private func offsets<Structure>(_ fields: [PartialKeyPath<Structure>]) -> [Int?] {
        fields.map { MemoryLayout<Structure>.offset(of: $0) }
    }
}
