import Foundation
import GatewaySystem
import PlatformAPI
import Storage

extension Methods {
    private enum Kind: String, CaseIterable {
        case order, event
    }

    private enum Asset: String, CaseIterable {
        case alipay = "ALIPAY"
        case outside = "OUTSIDE CARD"
    }

    private enum Vehicle: String, CaseIterable {
        case bus = "BUS"
        case busRapidTransit = "BRT"
        case lightRail = "LRT"
        case metro = "METRO"
        case ferry = "FERRY"
    }

    /// Notices in one call.
    static let noticeLimit = 100

    /// How far ahead of now a ride or a scan may be. The same as for trades.
    private static let noticeSecondsAhead: Int64 = 86_400

    private static let optionalTexts = [
        "adcode", "line_id", "start_station_id", "start_terminal_id", "start_terminal_serial_no", "end_station_name",
        "end_station_id", "end_terminal_id", "end_terminal_serial_no", "card_no", "discount_type", "card_type",
        "driver_id", "driver_name",
    ]

    /// alipay.commerce.data.send: tells a rider at once of a ride or of a scan.
    package func dataSend(_ call: Call) async throws -> Reply {
        let fields = Fields(object: call.content)
        _ = try fields.requiredText("scene_code", limit: 100)
        _ = try fields.requiredText("op_code", limit: 64)
        _ = try fields.requiredText("channel", limit: 32)
        let userID = try fields.requiredIdentifier("target_id", limit: 32)
        _ = try fields.requiredText("version", limit: 32)
        let items = try items(fields)
        guard items.count <= Self.noticeLimit else {
            throw FieldError("op_data", "最多 \(Self.noticeLimit) 条", "has more than \(Self.noticeLimit) items")
        }
        var notices: [RideNotice] = []
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item else {
                throw FieldError("op_data.info[\(index)]", "应为对象", "has to be an object")
            }
            notices.append(try notice(Fields(object: object, path: "op_data.info[\(index)]."), of: userID))
        }
        if let taken = try await store.add(notices, from: call.caller.appID) {
            return .refused(
                .business(
                    .fail, "biz_no \(taken) 已用于其他内容，请换号 / biz_no \(taken) was used for something else: take a new one",
                    [
                        "data_send_business_result": .object([
                            "biz_code": .string("FAIL"), "biz_msg": .string("biz_no \(taken)"),
                        ])
                    ]))
        }
        return .success([
            "data_send_business_result": .object(["biz_code": .string("SUCCESS"), "biz_msg": .string("成功")])
        ])
    }

    /// An object, an array, or a string that holds either; the items are its `info`, or it is one item itself.
    private func items(_ fields: Fields) throws(FieldError) -> [JSON] {
        var data = fields.object["op_data"] ?? .null
        if case .string(let text) = data, !text.isEmpty {
            do throws(JSONError) { data = try JSON(text) } catch {
                throw FieldError("op_data", "不是合法的 JSON：\(error.chinese)", "is not JSON: \(error.english)")
            }
        }
        switch data {
        case .null, .string(""): throw fields.missing("op_data")
        case .array(let items) where !items.isEmpty:
            // An array of what could stand alone.
            if case .object(let first)? = items.first, first["info"] != nil {
                var all: [JSON] = []
                for (index, item) in items.enumerated() {
                    guard case .object(let object) = item else {
                        throw FieldError("op_data[\(index)]", "应为对象", "has to be an object")
                    }
                    all += try info(object, path: "op_data[\(index)].")
                }
                return all
            }
            return items
        case .object(let object): return object["info"] == nil ? [data] : try info(object, path: "op_data.")
        default: throw FieldError("op_data", "应为对象或数组", "has to be an object or an array that is not empty")
        }
    }

    private func info(_ object: JSONObject, path: String) throws(FieldError) -> [JSON] {
        if case .object(let item)? = object["info"] { return [.object(item)] }
        return try Fields(object: object, path: path).array("info")
    }

    private func notice(_ fields: Fields, of userID: String) throws(FieldError) -> RideNotice {
        let kind = try fields.word("type", Kind.self)
        let bizNo = try fields.requiredIdentifier("biz_no", limit: 128)
        let subject = try fields.requiredText("subject", limit: 256)
        let time = try fields.requiredTime("biz_time", clock)
        guard time <= SystemTime.now + Self.noticeSecondsAhead else {
            throw FieldError(fields.path + "biz_time", "晚于当前时间一天以上", "is more than a day ahead of now")
        }
        _ = try fields.amount("amount")
        try checkAssets(fields)
        for name in ["city_name", "line_name", "start_station_name", "partner_name", "partner_id"] {
            _ = try fields.requiredText(name, limit: 256)
        }
        _ = try fields.word("vehicle_type", Vehicle.self)
        let vehicle = try fields.text("vehicle_id", limit: 256)
        guard try fields.text("plate_number", limit: 256) ?? vehicle != nil else {
            throw FieldError(
                fields.path + "vehicle_id", "与 plate_number 须二选一", "and plate_number are both missing: send one")
        }
        for name in Self.optionalTexts { _ = try fields.text(name, limit: 256) }
        _ = try fields.text("card_record", limit: Self.recordLimit)
        for name in ["start_terminal_time", "end_terminal_time"] { _ = try fields.time(name, clock) }
        for name in ["start_lbs", "end_lbs"] { try checkPlace(fields, name) }
        let card = NoticeCard(
            type: try fields.text("card_type", limit: 256), number: try fields.text("card_no", limit: 256),
            userID: userID)
        let content = JSON.object(fields.object).canonicalText
        return RideNotice(
            bizNo: bizNo, digest: [UInt8](Data((userID + content).utf8).sha256), userID: userID, card: card,
            type: kind.rawValue, subject: subject, bizTime: time, content: content)
    }

    /// One of the two, or both with a comma between them, as the document's sample has it.
    private func checkAssets(_ fields: Fields) throws(FieldError) {
        let names = try fields.requiredText("asset_name").split(separator: ",", omittingEmptySubsequences: false)
        guard names.allSatisfy({ Asset(rawValue: $0.trimmingCharacters(in: .whitespaces)) != nil }) else {
            throw FieldError(
                fields.path + "asset_name", "应为 ALIPAY 或 OUTSIDE CARD", "has to be ALIPAY or OUTSIDE CARD")
        }
    }

    /// "lon,lat" in degrees.
    private func checkPlace(_ fields: Fields, _ name: String) throws(FieldError) {
        guard let text = try fields.text(name, limit: 64) else { return }
        // Double takes more than degrees are written in: hexadecimal, exponents, infinity.
        guard let halves = text.wholeMatch(of: /(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,2}(?:\.[0-9]+)?)/),
            let longitude = Double(halves.1), let latitude = Double(halves.2), abs(longitude) <= 180,
            abs(latitude) <= 90
        else { throw FieldError(fields.path + name, "格式应为 经度,纬度", "has to be \"longitude,latitude\"") }
    }
}
