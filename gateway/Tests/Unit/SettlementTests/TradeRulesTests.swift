import Settlement
import Testing
import TransitCode

/// The settlement table of docs/gateway.md, each rule on both sides of its edge.
@Suite struct TradeRulesTests {
    static let now: Int64 = 1_900_000_000
    static let day: Int64 = 86400

    /// A trade that settles, and what the ledger knows of it. A test changes one thing.
    struct Case: Sendable {
        var digest: [UInt8] = [1]
        var userID = "2088000000000001"
        var amountCent: Int64 = 200
        var orderedAt = TradeRulesTests.now
        var sellerLoginName: String?
        var records: [CheckedRecord] = [.good(ride())]
        var facts = TradeFacts()
        var limits = SettlementLimits()

        var trade: Trade {
            Trade(
                appID: "app", outTradeNo: "n", digest: digest, userID: userID, amountCent: amountCent, subject: "s",
                orderedAt: orderedAt, context: nil, sellerLoginName: sellerLoginName, records: records)
        }

        var decision: TradeDecision { TradeRules.decide(trade, facts, limits: limits, now: now) }

        /// The error_code; nil for a trade that settles.
        var code: String? {
            if case .refuse(let refusal) = decision { refusal.code } else { nil }
        }
    }

    static func ride(
        user: String = "2088000000000001", code: [UInt8] = [7], _ trip: PosParam.Trip = .single, amount: Int64 = 0,
        quota: Int64 = 2000, at time: Int64 = now, card: CardName? = nil
    ) -> RecordedRide {
        RecordedRide(
            userID: user, code: code, trip: trip, amountCent: amount, quotaCent: quota, acceptedAt: time, card: card)
    }

    static func prepaid(
        _ balance: Int64, owner: String = "2088000000000001", isPrepaid: Bool = true, isRevoked: Bool = false
    )
        -> TradeFacts.StoredCard
    {
        TradeFacts.StoredCard(
            card: Card(
                id: 1, cardType: "CITY0001", cardNo: "1", userID: owner, appID: "app", title: "", isRevoked: isRevoked,
                isPrepaid: isPrepaid, updatedAt: 0, riderScalar: []), balanceCent: balance)
    }

    private func code(_ change: (inout Case) -> Void) -> String? {
        var item = Case()
        change(&item)
        return item.code
    }

    @Test func `the unchanged trade settles, from the rider's account`() {
        #expect(Case().decision == .settle(from: nil, card: .plain(of: "2088000000000001")))
    }

    // MARK: Its number

    @Test func `the same content again gets the first answer, whatever the rules say now`() {
        for answer in [TradeAnswer.settled(id: 5, at: 6), .refused(TradeRefusal(.balance, "then"))] {
            var item = Case(orderedAt: 0, records: [])
            item.facts.earlier = TradeFacts.Earlier(digest: item.digest, answer: answer)
            #expect(item.decision == .repeated(answer))
        }
    }

    @Test func `other content under the same number is refused and not stored`() {
        var item = Case()
        item.facts.earlier = TradeFacts.Earlier(digest: [2], answer: .settled(id: 5, at: 6))
        guard case .numberTaken(let refusal) = item.decision else {
            Issue.record("it is \(item.decision)")
            return
        }
        #expect(refusal.code == "ILLEGAL_PARAMS")
    }

    // MARK: Times

    @Test(arguments: [1, 5, 365]) func `the order is at most so many days old`(_ days: Int) {
        let oldest = Self.now - Int64(days) * Self.day
        #expect(
            code {
                $0.limits = SettlementLimits(days: days); $0.orderedAt = oldest
            } == nil)
        #expect(
            code {
                $0.limits = SettlementLimits(days: days); $0.orderedAt = oldest - 1
            } == "TRADE_TOO_LATE")
    }

    @Test func `the order is at most a day ahead, and one that is not is to be corrected and not stored`() {
        #expect(code { $0.orderedAt = Self.now + Self.day } == nil)
        var item = Case(orderedAt: Self.now + Self.day + 1)
        guard case .correct(let refusal) = item.decision else {
            Issue.record("it is \(item.decision)")
            return
        }
        #expect(refusal.code == "ILLEGAL_PARAMS")
        item.facts.earlier = TradeFacts.Earlier(digest: item.digest, answer: .settled(id: 5, at: 6))
        #expect(item.decision == .repeated(.settled(id: 5, at: 6)))
    }

    @Test func `a record is at most a day older than an order may be`() {
        #expect(code { $0.records = [.good(Self.ride(at: Self.now - 6 * Self.day))] } == nil)
        #expect(code { $0.records = [.good(Self.ride(at: Self.now - 6 * Self.day - 1))] } == "TRADE_TOO_LATE")
    }

    @Test func `a record is at most a day ahead`() {
        #expect(code { $0.records = [.good(Self.ride(at: Self.now + Self.day))] } == nil)
        #expect(code { $0.records = [.good(Self.ride(at: Self.now + Self.day + 1))] } == "RECORD_INVALID")
    }

    // MARK: Amounts

    @Test(arguments: [Int64(1), 2000, 1_000_000]) func `the amount is at most the cap`(_ cap: Int64) {
        let records = [CheckedRecord.good(Self.ride(quota: .max))]
        #expect(
            code {
                $0.limits = SettlementLimits(rideCapCent: cap); $0.amountCent = cap; $0.records = records
            } == nil)
        #expect(
            code {
                $0.limits = SettlementLimits(rideCapCent: cap); $0.amountCent = cap + 1; $0.records = records
            }
                == "AMOUNT_ABOVE_CAP")
    }

    @Test func `the amount is at most the code's quota`() {
        #expect(code { $0.records = [.good(Self.ride(quota: 200))] } == nil)
        #expect(code { $0.records = [.good(Self.ride(quota: 199))] } == "AMOUNT_ABOVE_QUOTA")
    }

    @Test func `the amount is at most what the gate recorded, unless that is 0`() {
        #expect(code { $0.records = [.good(Self.ride(amount: 200))] } == nil)
        #expect(code { $0.records = [.good(Self.ride(amount: 199))] } == "AMOUNT_ABOVE_RECORD")
        #expect(code { $0.records = [.good(Self.ride(amount: 0))] } == nil)
    }

    @Test func `of an entry and an exit both bound the amount`() {
        for (entry, exit) in [(Int64(199), Int64(300)), (300, 199)] {
            #expect(
                code { $0.records = [.good(Self.ride(.entry, quota: entry)), .good(Self.ride(.exit, quota: exit))] }
                    == "AMOUNT_ABOVE_QUOTA")
            #expect(
                code { $0.records = [.good(Self.ride(.entry, amount: entry)), .good(Self.ride(.exit, amount: exit))] }
                    == "AMOUNT_ABOVE_RECORD")
        }
    }

    // MARK: Records

    @Test func `each record has to hold, and the refusal names the first that does not`() {
        let good = CheckedRecord.good(Self.ride())
        for (records, index) in [
            ([CheckedRecord.bad("mac"), good], 0), ([good, .bad("mac")], 1), ([good, .malformed("mac")], 1),
        ] {
            var item = Case()
            item.records = records
            #expect(item.decision == .refuse(TradeRefusal(.recordInvalid, "records[\(index)] mac")))
        }
    }

    @Test func `a whole ride is one single trip, or an entry and an exit that is not earlier`() {
        let (entry, exit) = (CheckedRecord.good(Self.ride(.entry)), CheckedRecord.good(Self.ride(.exit)))
        let later = CheckedRecord.good(Self.ride(.exit, at: Self.now + 1))
        let earlier = CheckedRecord.good(Self.ride(.exit, at: Self.now - 1))
        let single = CheckedRecord.good(Self.ride())
        for records in [[single], [entry, exit], [exit, entry], [entry, later], [later, entry]] {
            #expect(code { $0.records = records } == nil, "\(records)")
        }
        for records in [
            [], [entry], [exit], [single, single], [entry, entry], [exit, exit], [single, exit], [entry, single],
            [entry, earlier], [earlier, entry], [entry, exit, exit],
        ] {
            #expect(code { $0.records = records } == "RIDE_INCOMPLETE", "\(records)")
        }
    }

    @Test func `an entry and an exit are of one card`() {
        let cards = [
            nil, CardName(type: "CITY0001", number: "1"), CardName(type: "CITY0001", number: "2"),
            CardName(type: "CITY0002", number: "1"),
        ]
        for one in cards {
            for other in cards {
                let records = [CheckedRecord.good(Self.ride(.entry, card: one)), .good(Self.ride(.exit, card: other))]
                #expect(code { $0.records = records } == (one == other ? nil : "RIDE_INCOMPLETE"))
            }
        }
    }

    @Test func `each record is of the trade's rider, byte for byte`() {
        #expect(code { $0.userID = "2088000000000002" } == "USER_NOT_MATCH")
        #expect(
            code { $0.records = [.good(Self.ride(.entry)), .good(Self.ride(user: "2088000000000002", .exit))] }
                == "USER_NOT_MATCH")
        // One character in two spellings: equal by Swift's ==.
        #expect(
            code {
                $0.userID = "\u{E9}"; $0.records = [.good(Self.ride(user: "\u{E9}"))]
            } == nil)
        #expect(
            code {
                $0.userID = "\u{E9}"; $0.records = [.good(Self.ride(user: "e\u{301}"))]
            } == "USER_NOT_MATCH")
    }

    @Test func `a trade's codes are those of its good records, each once, in order`() {
        var item = Case()
        item.records = [.good(Self.ride(code: [9], .exit)), .good(Self.ride(code: [3], .entry))]
        #expect(item.trade.codes == [[3], [9]])
        item.records = [.good(Self.ride(code: [9], .exit)), .good(Self.ride(code: [9], .entry))]
        #expect(item.trade.codes == [[9]])
        item.records = [.bad(""), .malformed("")]
        #expect(item.trade.codes == [])
    }

    // MARK: What the ledger knows

    @Test func `a code settles once`() {
        #expect(code { $0.facts.hasSettledCode = true } == "RECORD_ALREADY_SETTLED")
    }

    @Test func `a seller, if named, is the merchant itself`() {
        #expect(
            code {
                $0.sellerLoginName = "shop"; $0.facts.sellerAppID = "app"
            } == nil)
        #expect(
            code {
                $0.sellerLoginName = "shop"; $0.facts.sellerAppID = "other"
            } == "SELLER_NOT_EXIST")
        #expect(code { $0.sellerLoginName = "shop" } == "SELLER_NOT_EXIST")
        #expect(code { $0.facts.sellerAppID = "other" } == nil)
    }

    @Test func `a prepaid card pays while it has the money`() {
        let name = CardName(type: "CITY0001", number: "1")
        var item = Case(records: [.good(Self.ride(card: name))])
        item.facts.card = Self.prepaid(200)
        #expect(item.decision == .settle(from: item.facts.card?.card, card: name))
        item.facts.card = Self.prepaid(199)
        #expect(item.code == "CARD_BALANCE_NOT_ENOUGH")
    }

    @Test func `the rider's account pays for a card that is unknown, not prepaid, revoked or another rider's`() {
        let name = CardName(type: "CITY0001", number: "1")
        for card in [
            nil, Self.prepaid(0, isPrepaid: false), Self.prepaid(0, isRevoked: true),
            Self.prepaid(0, owner: "2088000000000002"),
        ] {
            var item = Case(records: [.good(Self.ride(card: name))])
            item.facts.card = card
            #expect(item.decision == .settle(from: nil, card: name))
        }
    }

    // MARK: Order

    /// A way to break each rule, in the order of the table.
    static let violations: [(code: String, change: @Sendable (inout Case) -> Void)] = [
        ("TRADE_TOO_LATE", { $0.orderedAt = now - 5 * day - 1 }),
        ("AMOUNT_ABOVE_CAP", { $0.limits = SettlementLimits(rideCapCent: $0.amountCent - 1) }),
        ("RECORD_INVALID", { $0.records[0] = .bad("") }),
        ("RIDE_INCOMPLETE", { $0.records.append(.good(ride())) }),
        ("USER_NOT_MATCH", { $0.userID = "2088000000000002" }),
        (
            "TRADE_TOO_LATE",
            {
                $0.change {
                    ride(
                        code: $0.code, amount: $0.amountCent, quota: $0.quotaCent, at: now - 6 * day - 1, card: $0.card)
                }
            }
        ),
        (
            "AMOUNT_ABOVE_QUOTA",
            { $0.change { ride(code: $0.code, amount: $0.amountCent, quota: 199, at: $0.acceptedAt, card: $0.card) } }
        ),
        (
            "AMOUNT_ABOVE_RECORD",
            { $0.change { ride(code: $0.code, amount: 199, quota: $0.quotaCent, at: $0.acceptedAt, card: $0.card) } }
        ),
        ("RECORD_ALREADY_SETTLED", { $0.facts.hasSettledCode = true }),
        ("SELLER_NOT_EXIST", { $0.sellerLoginName = "nobody" }),
        (
            "CARD_BALANCE_NOT_ENOUGH",
            {
                $0.facts.card = prepaid(199, owner: $0.userID)
                $0.change {
                    ride(
                        code: $0.code, amount: $0.amountCent, quota: $0.quotaCent, at: $0.acceptedAt,
                        card: CardName(type: "CITY0001", number: "1"))
                }
            }
        ),
    ]

    @Test(arguments: violations.indices) func `of two broken rules the earlier one is named`(_ first: Int) {
        for second in Self.violations.indices where second >= first {
            var item = Case()
            Self.violations[second].change(&item)
            if second != first { Self.violations[first].change(&item) }
            #expect(item.code == Self.violations[first].code, "with \(Self.violations[second].code)")
        }
    }

    @Test func `a rule is looked at for both records before the next rule`() {
        let (old, quota, amount) = (
            Self.ride(.entry, at: Self.now - 6 * Self.day - 1), Self.ride(.entry, quota: 199),
            Self.ride(.entry, amount: 199)
        )
        let otherRider = Self.ride(user: "2088000000000002", .exit)
        let future = Self.ride(.exit, at: Self.now + Self.day + 1)
        for (entry, exit, expected) in [
            (old, otherRider, "USER_NOT_MATCH"), (quota, otherRider, "USER_NOT_MATCH"),
            (amount, otherRider, "USER_NOT_MATCH"),
            (quota, future, "RECORD_INVALID"), (amount, future, "RECORD_INVALID"),
        ] {
            #expect(code { $0.records = [.good(entry), .good(exit)] } == expected)
        }
    }

    @Test func `a reason has at most 128 characters`() {
        #expect(TradeRefusal(.recordInvalid, String(repeating: "字", count: 128)).reason.unicodeScalars.count == 128)
        #expect(TradeRefusal(.recordInvalid, String(repeating: "字", count: 129)).reason.unicodeScalars.count == 128)
    }
}

extension TradeRulesTests.Case {
    /// Changes what its good records say.
    fileprivate mutating func change(_ change: (RecordedRide) -> RecordedRide) {
        records = records.map { record in record.ride.map { .good(change($0)) } ?? record }
    }
}
