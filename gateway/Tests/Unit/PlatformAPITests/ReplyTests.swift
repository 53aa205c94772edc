import Foundation
import PlatformAPI
import Testing

@Suite struct ReplyTests {
    @Test func `the signature is over the node as it is sent`() throws {
        let key = try RSAPrivateKey()
        let body = try Reply.success(["a": .string("é")]).body(method: "x.y", key: GatewayKey(key: key))
        let node = #"{"code":"10000","msg":"Success","a":"é"}"#
        #expect(body.hasPrefix(#"{"x_y_response":"# + node + #","sign":""#))
        guard case .object(let object) = try JSON(body), case .string(let signature)? = object["sign"] else {
            Issue.record("\(body)")
            return
        }
        #expect(try ApplicationKey(der: key.publicKey.der).verifies(signature, of: node))
        #expect(try Reply.success().body(method: nil, key: GatewayKey(key: key)).hasPrefix(#"{"error_response":"#))
    }

    @Test func `a refusal has a sub code and its reason, a success has neither`() {
        let reply = Reply.refused(.business(.noRight, "why", ["more": .null]))
        #expect(
            JSON.object(reply.node).text
                == #"{"code":"40004","msg":"Business Failed","sub_code":"NO_RIGHT","sub_msg":"why","more":null}"#)
        #expect(Reply.success().node["sub_code"] == nil && Reply.success().refusal == nil)
    }

    @Test func `each trade's result has the members that its outcome needs`() {
        let reply = Reply.trades([
            TradeResult("1", .settled(tradeNo: "9")), TradeResult("2", .failed(code: "C", reason: "r")),
            TradeResult("3", .unknown(reason: "u", retryAt: "t")),
        ])
        #expect(
            reply.node["result_list"]?.text == """
                [{"result":"SUCCESS","message":"成功","out_trade_no":"1","trade_no":"9"},\
                {"result":"FAIL","message":"r","error_code":"C","error_message":"r","need_retry":false,"out_trade_no":"2"},\
                {"result":"UNKNOWN","message":"u","error_code":"UNKNOWN","error_message":"u","need_retry":true,\
                "next_retry_time":"t","next_try_time":"t","out_trade_no":"3"}]
                """)
        #expect(reply.trades.map(\.result) == [.success, .fail, .unknown])
    }

    @Test func `a trade number is its day and a count, 28 digits`() {
        let clock = WallClock(secondsFromUTC: 8 * 3600)
        #expect(TradeNumber.text(1, at: 0, clock) == "1970010122000000000000000001")
        #expect(TradeNumber.text(999_999_999_999_999_999, at: 57600, clock) == "1970010222999999999999999999")
    }

    @Test func `a merchant's key is read as it is pasted`() throws {
        let key = try RSAPrivateKey().publicKey
        for text in [
            key.pem, key.der.base64EncodedString(), " " + key.der.base64EncodedString() + "\r\n",
            key.pem.replacing("\n", with: "\r\n  "),
        ] {
            #expect(try ApplicationKey(pasted: text).key.der == key.der)
        }
        #expect(throws: RSAKeyError.self) { try ApplicationKey(pasted: "AAAA") }
        #expect(throws: RSAKeyError.self) { try ApplicationKey(pasted: key.der.dropLast().base64EncodedString()) }
    }
}
