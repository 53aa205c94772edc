import CPosoffline
import TransitCode

/// The three buffers of a response for the card: number, data and type.
struct CardOutputs {
    var number: Output<CChar>
    var data: Output<UInt8>
    var type: Output<CChar>

    /// Nil when one of the pointers is NULL.
    init?(_ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>) {
        guard let number = Output(response.pointee.card_no, response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    /// Nil when one of the pointers is NULL.
    init?(_ response: UnsafeMutablePointer<INFO_RESPONSE>) {
        guard let number = Output(response.pointee.card_no, response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    /// The sizes of all buffers of a response.
    func capacities(userID: Output<CChar>, record: Output<CChar>? = nil) -> BufferCapacities {
        BufferCapacities(
            userID: userID.capacity, record: record?.capacity ?? .max, cardNumber: number.capacity,
            cardData: data.capacity, cardType: type.capacity)
    }

    mutating func write(_ code: borrowing TransitCode) {
        number.write(code.credential.cardNumber)
        data.write(code.credential.cardData)
        type.write(code.credential.cardType)
    }

    /// Writes the lengths after `write(_:)`.
    func writeLengths(to response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>) {
        response.pointee.card_no_len = number.count
        response.pointee.card_data_len = data.count
        response.pointee.card_type_len = type.count
    }

    /// Writes the lengths after `write(_:)`.
    func writeLengths(to response: UnsafeMutablePointer<INFO_RESPONSE>) {
        response.pointee.card_no_len = number.count
        response.pointee.card_data_len = data.count
        response.pointee.card_type_len = type.count
    }
}
