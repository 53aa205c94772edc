import Settlement
import Testing

/// The table of docs/gateway.md, "Cards", each cell and each edge.
@Suite struct CardRulesTests {
    static let now: Int64 = 1_900_000_000
    static let time = now - 1000
    static let user = "2088000000000001"

    static func message(
        _ action: CardMessage.Action, at time: Int64 = time, user: String = user, type: String = "CITY0001",
        balance: Int64? = nil, digest: UInt8 = 1, isDisabled: Bool = false
    ) -> CardMessage {
        CardMessage(
            action: action, userID: user, updatedAt: time, cardType: type, cardNo: "1", cardData: [5],
            balanceCent: balance, isDisabled: isDisabled, disabledCode: nil, disabledTips: isDisabled ? "tips" : nil,
            extInfo: nil, digest: [UInt8](repeating: digest, count: 32))
    }

    static func card(
        isRevoked: Bool = false, isPrepaid: Bool = false, at time: Int64 = time, messages: [UInt8] = []
    ) -> Card {
        Card(
            id: 9, cardType: "CITY0001", cardNo: "1", userID: user, appID: "app", title: "t", isRevoked: isRevoked,
            isPrepaid: isPrepaid, updatedAt: time, messages: messages, riderScalar: [3])
    }

    enum Outcome: Equatable {
        case refused(CardRefusal.Code)
        case nothing
        case open, revoked
    }

    static func outcome(
        _ message: CardMessage, on card: Card?, owner: String? = "app", appID: String = "app", now: Int64 = now
    ) -> Outcome {
        switch decision(message, on: card, owner: owner, appID: appID, now: now) {
        case .refuse(let refusal): .refused(refusal.code)
        case .nothing: .nothing
        case .store(let card, _): card.isRevoked ? .revoked : .open
        }
    }

    static func decision(
        _ message: CardMessage, on card: Card?, owner: String? = "app", appID: String = "app", now: Int64 = now
    ) -> CardDecision {
        CardRules.decide(
            message, CardFacts(stored: card, typeOwner: owner), appID: appID, newScalar: [4], now: now)
    }

    // MARK: The table

    @Test func `on no card`() {
        #expect(Self.outcome(Self.message(.issue), on: nil) == .open)
        #expect(Self.outcome(Self.message(.update), on: nil) == .refused(.cardNotExist))
        #expect(Self.outcome(Self.message(.revoke), on: nil) == .refused(.cardNotExist))
    }

    @Test(arguments: [
        (CardMessage.Action.issue, Int64(-1), Outcome.nothing), (.issue, 0, .refused(.cardExists)),
        (.issue, 1, .refused(.cardExists)), (.update, -1, .nothing), (.update, 0, .open), (.update, 1, .open),
        (.revoke, -1, .nothing), (.revoke, 0, .revoked), (.revoke, 1, .revoked),
    ]) func `on an open card`(_ action: CardMessage.Action, _ seconds: Int64, _ outcome: Outcome) {
        #expect(Self.outcome(Self.message(action, at: Self.time + seconds), on: Self.card()) == outcome)
    }

    @Test(arguments: [
        (CardMessage.Action.issue, Int64(-1), Outcome.nothing), (.issue, 0, .refused(.cardRevoked)), (.issue, 1, .open),
        (.update, -1, .nothing), (.update, 0, .refused(.cardRevoked)), (.update, 1, .refused(.cardRevoked)),
        (.revoke, -1, .nothing), (.revoke, 0, .nothing), (.revoke, 1, .revoked),
    ]) func `on a revoked card`(_ action: CardMessage.Action, _ seconds: Int64, _ outcome: Outcome) {
        #expect(Self.outcome(Self.message(action, at: Self.time + seconds), on: Self.card(isRevoked: true)) == outcome)
    }

    // MARK: What is stored

    @Test func `a new card has the message's content and the new key`() {
        let message = Self.message(.issue, balance: 700)
        guard case .store(let card, balanceCent: 700) = Self.decision(message, on: nil, owner: nil) else {
            Issue.record("not stored")
            return
        }
        #expect(card.id == 0 && card.riderScalar == [4] && card.appID == "app" && card.userID == Self.user)
        #expect(
            card.cardData == [5] && card.isPrepaid && card.updatedAt == Self.time && card.messages == message.digest)
    }

    @Test func `an ISSUE that reopens keeps the card's key and number`() {
        let message = Self.message(.issue, at: Self.time + 1)
        guard case .store(let card, balanceCent: nil) = Self.decision(message, on: Self.card(isRevoked: true)) else {
            Issue.record("not stored")
            return
        }
        #expect(card.id == 9 && card.riderScalar == [3] && !card.isRevoked)
    }

    @Test func `a balance makes a card prepaid, and none leaves it so`() {
        guard case .store(let card, balanceCent: 0) = Self.decision(Self.message(.update, balance: 0), on: Self.card()),
            case .store(let later, balanceCent: nil) = Self.decision(
                Self.message(.update), on: Self.card(isPrepaid: true)),
            case .store(let plain, balanceCent: nil) = Self.decision(Self.message(.update), on: Self.card())
        else {
            Issue.record("not stored")
            return
        }
        #expect(card.isPrepaid && later.isPrepaid && !plain.isPrepaid)
    }

    @Test func `an UPDATE overwrites`() {
        guard case .store(let card, _) = Self.decision(Self.message(.update, isDisabled: true), on: Self.card()) else {
            Issue.record("not stored")
            return
        }
        #expect(card.isDisabled && card.disabledTips == "tips" && card.cardData == [5] && card.id == 9)
    }

    @Test func `a REVOKE takes the rest off a prepaid card, and only there`() {
        for (isPrepaid, balance) in [(true, Int64(0)), (false, nil)] {
            guard
                case .store(let card, let stored) = Self.decision(
                    Self.message(.revoke), on: Self.card(isPrepaid: isPrepaid))
            else {
                Issue.record("not stored")
                return
            }
            #expect(card.isRevoked && stored == balance)
        }
    }

    // MARK: Whose card it is

    @Test func `a card type belongs to one merchant, and the plain one to none`() {
        #expect(Self.outcome(Self.message(.issue), on: nil, owner: nil) == .open)
        #expect(Self.outcome(Self.message(.issue), on: nil, owner: "other") == .refused(.typeOfOther))
        #expect(
            Self.outcome(Self.message(.issue, type: CardRules.plainType), on: nil, owner: nil) == .refused(.typeOfOther)
        )
    }

    @Test(arguments: [
        ("2088000000000001", true), ("208800000000001", false), ("20880000000000011", false),
        ("2088 0000000000~", true),
        ("208800000000000\u{7F}", false), ("208800000000000\u{1F}", false), ("20880000000000é", false),
    ]) func `a user id is 16 printable ASCII characters`(_ user: String, _ isGood: Bool) {
        #expect(Self.outcome(Self.message(.issue, user: user), on: nil) == (isGood ? .open : .refused(.userUnknown)))
    }

    @Test func `a card is not another user's`() {
        #expect(
            Self.outcome(Self.message(.update, user: "2088000000000002"), on: Self.card()) == .refused(.userMismatch))
    }

    @Test func `the type comes first, then the user id, then the card's user, then its time`() {
        let bad = Self.message(.update, at: 0, user: "x")
        #expect(Self.outcome(bad, on: Self.card(), owner: "other") == .refused(.typeOfOther))
        #expect(Self.outcome(bad, on: Self.card()) == .refused(.userUnknown))
        #expect(
            Self.outcome(Self.message(.update, at: 0, user: "2088000000000002"), on: Self.card())
                == .refused(.userMismatch))
    }

    // MARK: Repeated and many messages

    @Test func `the same message again changes nothing`() {
        let digest = [UInt8](repeating: 1, count: 32)
        let other = [UInt8](repeating: 2, count: 32)
        for action in CardMessage.Action.allCases {
            #expect(Self.outcome(Self.message(action), on: Self.card(messages: other + digest)) == .nothing)
        }
        // A digest counts at its own place only.
        let shifted = [0] + digest + [UInt8](repeating: 0, count: 31)
        #expect(Self.outcome(Self.message(.update), on: Self.card(messages: shifted)) == .open)
    }

    @Test func `a card remembers 256 messages of one second`() {
        func messages(_ count: Int) -> [UInt8] { [UInt8](repeating: 9, count: count * 32) }
        guard case .store(let card, _) = Self.decision(Self.message(.update), on: Self.card(messages: messages(255)))
        else {
            Issue.record("not stored")
            return
        }
        #expect(card.messages.count == 256 * 32)
        #expect(Self.outcome(Self.message(.update), on: Self.card(messages: messages(256))) == .refused(.tooMany))
        #expect(Self.outcome(Self.message(.revoke), on: Self.card(messages: messages(256))) == .revoked)
        guard
            case .store(let later, _) = Self.decision(
                Self.message(.update, at: Self.time + 1), on: Self.card(messages: messages(256)))
        else {
            Issue.record("not stored")
            return
        }
        #expect(later.messages.count == 32)
    }

    // MARK: A card's time that is ahead

    @Test func `a card's time that is ahead by more than 300 seconds lets a message of now count`() {
        let edge = Self.now + CardRules.secondsAhead
        let message = Self.message(.update, at: Self.now)
        #expect(Self.outcome(message, on: Self.card(at: edge)) == .nothing)
        #expect(Self.outcome(message, on: Self.card(at: edge + 1)) == .open)
        guard case .store(let card, _) = Self.decision(message, on: Self.card(at: edge + 1)) else {
            Issue.record("not stored")
            return
        }
        #expect(card.updatedAt == Self.now)
    }

    @Test func `and refuses one that is older than 300 seconds`() {
        let card = Self.card(at: Self.now + CardRules.secondsAhead + 1)
        let oldest = Self.now - CardRules.secondsAhead
        for action in [CardMessage.Action.update, .revoke, .issue] {
            #expect(Self.outcome(Self.message(action, at: oldest), on: card) != .refused(.timeAhead))
            #expect(Self.outcome(Self.message(action, at: oldest - 1), on: card) == .refused(.timeAhead))
        }
    }
}
