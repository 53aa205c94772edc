import Foundation
import GatewayText
import BackOffice

/// What the envelope has to know of a merchant.
package struct Caller: Sendable {
    package let appID: String
    /// Nil until the merchant has uploaded one. A failure when the stored key cannot be read.
    package let key: Result<ApplicationKey, any Error>?
    /// Whether it may call the methods.
    package let isContracted: Bool

    package init(appID: String, key: Result<ApplicationKey, any Error>?, isContracted: Bool) {
        self.appID = appID
        self.key = key
        self.isContracted = isContracted
    }
}

/// A call that has passed the envelope's checks.
package struct Call: Sendable {
    package let caller: Caller
    package let method: Method
    package let content: JSONObject
}

/// The checks of every call, in the order of docs/gateway.md. The first that fails names the refusal.
package enum Envelope {
    /// `caller` looks a merchant up by its app_id.
    package static func open(
        _ parameters: FormParameters, clock: WallClock, caller: (String) async throws -> Caller?
    ) async throws -> Call {
        // The parameters above the limit were dropped, so no other check means anything.
        guard !parameters.isTooMany else {
            throw Refusal.invalid(
                "isv.invalid-parameter", "参数过多", "there are more than \(FormParameters.largestCount) parameters")
        }
        guard let appID = parameters["app_id"] else { throw Refusal.missing("isv.missing-app-id", "app_id") }
        guard let name = parameters["method"] else { throw Refusal.missing("isv.missing-method", "method") }
        guard let caller = try await caller(appID), caller.appID.isSame(as: appID) else {
            throw Refusal.invalid(
                "isv.invalid-app-id", "app_id 不存在，请检查应用配置",
                "no such app_id: compare it with the settings in the console")
        }
        guard let method = Method(rawValue: name) else {
            throw Refusal.invalid("isv.invalid-method", "不支持的接口名 method", "no such method here: check its spelling")
        }
        guard let signature = parameters["sign"] else { throw Refusal.missing("isv.missing-signature", "sign") }
        guard let signType = parameters["sign_type"] else {
            throw Refusal.missing("isv.missing-signature-type", "sign_type")
        }
        guard let timestamp = parameters["timestamp"] else {
            throw Refusal.missing("isv.missing-timestamp", "timestamp")
        }
        guard let version = parameters["version"] else { throw Refusal.missing("isv.missing-version", "version") }
        try checkForm(signType: signType, version: version, parameters)
        if let name = parameters.undecodable {
            throw Refusal.invalid(
                "isv.invalid-parameter", "参数 \(name.beginning(bytes: 64)) 编码错误",
                "\(name.beginning(bytes: 64)) is not UTF-8, not percent-encoded as it should be, or has more than "
                    + "\(String.mostMarks) combining marks in a row")
        }
        try check(signature, of: parameters.signedText, by: caller)
        guard clock.parse(timestamp) != nil else {
            throw Refusal.invalid(
                "isv.invalid-timestamp", "timestamp 格式应为 yyyy-MM-dd HH:mm:ss", "timestamp has to be yyyy-MM-dd HH:mm:ss"
            )
        }
        guard caller.isContracted else {
            throw Refusal(
                code: .insufficientPermissions, subCode: "isv.insufficient-isv-permissions",
                reason: "商户未签约此接口，请在控制台开通 / the merchant has no contract: switch it on in the console")
        }
        return Call(caller: caller, method: method, content: try content(parameters["biz_content"]))
    }

    private static func checkForm(signType: String, version: String, _ parameters: FormParameters) throws {
        guard signType == "RSA2" else {
            throw Refusal.invalid(
                "isv.invalid-signature-type", "sign_type 只支持 RSA2", "sign_type has to be RSA2 (SHA256withRSA)")
        }
        let charset = parameters["charset"] ?? "utf-8"
        guard ["utf-8", "utf8"].contains(charset.lowercased()) else {
            throw Refusal.invalid("isv.invalid-charset", "charset 只支持 utf-8", "charset has to be utf-8")
        }
        guard (parameters["format"] ?? "JSON").uppercased() == "JSON" else {
            throw Refusal.invalid("isv.invalid-format", "format 只支持 JSON", "format has to be JSON")
        }
        guard version == "1.0" else {
            throw Refusal.invalid("isv.invalid-parameter", "version 应为 1.0", "version has to be 1.0")
        }
    }

    private static func check(_ signature: String, of text: String, by caller: Caller) throws {
        guard let key = try caller.key?.get() else {
            throw Refusal(
                code: .insufficientConditions, subCode: "isv.missing-signature-config",
                reason: "未配置应用公钥，请在控制台上传 / no application public key: paste it in the console")
        }
        guard key.verifies(signature, of: text) else {
            let advice = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："
            let text = shown(text)
            throw Refusal(
                code: .invalidArgument, subCode: "isv.invalid-signature", reason: advice + text.escapedForHTML,
                plainReason: advice + text)
        }
    }

    /// The signed text as a refusal repeats it. Of a long one both ends, and size and digest of all of it.
    private static func shown(_ text: String) -> String {
        let (head, tail, count) = (3072, 1024, text.utf8.count)
        guard count > head + tail else { return text }
        let digest = [UInt8](Data(text.utf8).sha256).hex.lowercased()
        return text.beginning(bytes: head)
            + " ……（全文 \(count) 字节，SHA-256 \(digest)，此处省略中间部分 / the middle is left out of \(count) bytes with this SHA-256）…… "
            + text.ending(bytes: tail)
    }

    /// An absent biz_content is an empty object: key.query has none.
    private static func content(_ text: String?) throws -> JSONObject {
        guard let text else { return JSONObject() }
        do throws(JSONError) {
            if case .object(let content) = try JSON(text) { return content }
        } catch {
            throw Refusal.invalid(
                "isv.illegal-json", "biz_content 不是合法的 JSON：\(error.chinese)",
                "biz_content is not JSON: \(error.english)")
        }
        throw Refusal.invalid("isv.illegal-json", "biz_content 应为 JSON 对象", "biz_content has to be a JSON object")
    }
}
