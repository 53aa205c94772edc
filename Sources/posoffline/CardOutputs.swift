import CPosoffline
import TransitCode
import TransitGate

/// The three buffers of a response that say which card a code is of.
struct CardOutputs {
    var number: Output<CChar>
    var data: Output<UInt8>
    var type: Output<CChar>

    /// Nil when one of them is NULL.
    init?(_ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>) {
        guard let number = Output(response.pointee.card_no, response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    /// Nil when one of them is NULL.
    init?(_ response: UnsafeMutablePointer<INFO_RESPONSE>) {
        guard let number = Output(response.pointee.card_no, response.pointee.card_no_len),
            let data = Output(response.pointee.card_data, response.pointee.card_data_len),
            let type = Output(response.pointee.card_type, response.pointee.card_type_len)
        else { return nil }
        (self.number, self.data, self.type) = (number, data, type)
    }

    /// The sizes of all of a response's buffers.
    func room(userID: Output<CChar>, record: Output<CChar>? = nil) -> BufferCapacities {
        BufferCapacities(
            userID: userID.room, record: record?.room ?? .max, cardNumber: number.room, cardData: data.room,
            cardType: type.room)
    }

    mutating func write(_ code: borrowing TransitCode) {
        number.write(code.credential.cardNumber)
        data.write(code.credential.cardData)
        type.write(code.credential.cardType)
    }

    /// Puts the lengths of what was written where the caller looks for them.
    func tell(_ response: UnsafeMutablePointer<VERIFY_RESPONSE_V2>) {
        response.pointee.card_no_len = number.count
        response.pointee.card_data_len = data.count
        response.pointee.card_type_len = type.count
    }

    func tell(_ response: UnsafeMutablePointer<INFO_RESPONSE>) {
        response.pointee.card_no_len = number.count
        response.pointee.card_data_len = data.count
        response.pointee.card_type_len = type.count
    }
}
