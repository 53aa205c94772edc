import CPosoffline
import TransitCode

/// The three buffers of a response that say which card a code is of.
struct CardOutputs {
    let number: Output<CChar>
    let data: Output<UInt8>
    let type: Output<CChar>

    /// Nil when one of them is NULL.
    init?(_ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>) {
        guard let number = Output(response.pointee.card_no, &response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, &response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, &response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    /// Nil when one of them is NULL.
    init?(_ response: UnsafeMutablePointer<INFO_RESPONSE>) {
        guard let number = Output(response.pointee.card_no, &response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, &response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, &response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    func write(_ code: borrowing TransitCode) {
        number.write(code.credential.cardNumber)
        data.write(code.credential.cardData)
        type.write(code.credential.cardType)
    }
}
