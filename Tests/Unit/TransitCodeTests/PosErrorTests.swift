import CPosoffline
import Testing
import TransitCode

/// The twelve error codes of pos_crypto.h.
@Suite struct PosErrorTests {
    @Test func `raw values are the header's`() {
        let pairs: [(PosError, Int32)] = [
            (.malformedCode, MALFORMED_QRCODE),
            (.codeExpired, QRCODE_INFO_EXPIRED),
            (.credentialExpired, QRCODE_KEY_EXPIRED),
            (.posParam, POS_PARAM_ERROR),
            (.quotaExceeded, QUOTA_EXCEEDED),
            (.outOfMemory, NO_ENOUGH_MEMORY),
            (.system, SYSTEM_ERROR),
            (.cardTypeUnsupported, CARDTYPE_UNSUPPORTED),
            (.notInitialized, NOT_INITIALIZED),
            (.illegalParam, ILLEGAL_PARAM),
            (.protocolUnsupported, PROTO_UNSUPPORTED),
            (.duplicated, QRCODE_DUPLICATED),
        ]
        for (error, value) in pairs { #expect(error.rawValue == value) }
        #expect(Set(pairs.map(\.0)) == Set(PosError.allCases))
        #expect(pairs.count == 12)
    }

    @Test func `the header's values are the reference's`() {
        #expect(SUCCESS == 1)
        #expect(
            [
                MALFORMED_QRCODE, QRCODE_INFO_EXPIRED, QRCODE_KEY_EXPIRED, POS_PARAM_ERROR, QUOTA_EXCEEDED,
                NO_ENOUGH_MEMORY, SYSTEM_ERROR, CARDTYPE_UNSUPPORTED, NOT_INITIALIZED, ILLEGAL_PARAM,
                PROTO_UNSUPPORTED, QRCODE_DUPLICATED,
            ] == (1...12).map { -$0 })
        #expect(ANT_BUS_PAY == "ANT00001")
    }

    @Test func `sizes in the headers are the core's`() {
        #expect(Int(POSOFFLINE_POS_PARAM_MAX) == PosParam.maxCount)
        #expect(Int(POSOFFLINE_UID_MIN) == Credential.userIDCount + 1)
        #expect(Int(POSOFFLINE_CARD_TYPE_MIN) == CardType.count + 1)
    }
}
