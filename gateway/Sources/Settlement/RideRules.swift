import GatewayText
import TransitCode

/// The settlement rules that the trade and its records decide alone (docs/gateway.md, "Settlement").
enum RideRules {
    /// What the merchant has to correct before the trade can be decided. Nil when nothing is wrong.
    static func mistake(in trade: Trade, now: Int64) -> TradeRefusal? {
        guard trade.orderedAt - now > SettlementLimits.secondsAhead else { return nil }
        return TradeRefusal(.illegalParams, "actual_order_time 晚于当前时间 / actual_order_time is in the future")
    }

    /// The first broken rule; nil when all hold.
    static func firstViolation(of trade: Trade, limits: SettlementLimits, now: Int64) -> TradeRefusal? {
        guard now - trade.orderedAt <= limits.seconds else {
            return TradeRefusal(
                .tooLate, "超过 \(limits.days) 天的结算期限 / actual_order_time is more than \(limits.days) days ago")
        }
        guard trade.amountCent <= limits.rideCapCent else {
            return TradeRefusal(
                .aboveCap, "金额超过单次上限 / amount is above the cap of \(limits.rideCapCent) cents for one ride")
        }
        for (index, record) in trade.records.enumerated() {
            guard let failure = record.failure else { continue }
            return TradeRefusal(.recordInvalid, "records[\(index)] \(failure)")
        }
        let rides = trade.records.compactMap(\.ride)
        guard rides.count == trade.records.count, isWhole(rides) else {
            return TradeRefusal(
                .rideIncomplete, "应为一条 SINGLE 记录，或进站 IN、出站 OUT 各一条 / send one SINGLE record, or an IN and a later OUT")
        }
        // Rule by rule, and not record by record: the first rule that is broken is the reason for good.
        for ride in rides where !ride.userID.isSame(as: trade.userID) {
            return TradeRefusal(.userMismatch, "记录中的用户与 user_id 不一致 / the record is of user \(ride.userID)")
        }
        for ride in rides {
            guard now - ride.acceptedAt <= limits.seconds + SettlementLimits.secondsAhead else {
                return TradeRefusal(.tooLate, "记录时间超过结算期限 / the record is too old to settle")
            }
            guard ride.acceptedAt - now <= SettlementLimits.secondsAhead else {
                return TradeRefusal(.recordInvalid, "记录时间晚于当前时间 / the record is from the future: set the gate's clock")
            }
        }
        for ride in rides {
            guard trade.amountCent <= ride.quotaCent else {
                return TradeRefusal(
                    .aboveQuota, "金额超过码的单笔限额 / amount is above the code's quota of \(ride.quotaCent) cents")
            }
            guard ride.amountCent == 0 || trade.amountCent <= ride.amountCent else {
                return TradeRefusal(
                    .aboveRecord, "金额超过闸机记录的金额 / amount is above the \(ride.amountCent) cents that the gate recorded")
            }
        }
        return nil
    }

    /// One single trip, or an entry and the exit that follows it.
    private static func isWhole(_ rides: [RecordedRide]) -> Bool {
        switch rides.count {
        case 1: return rides[0].trip == .single
        case 2:
            guard let entry = rides.first(where: { $0.trip == .entry }),
                let exit = rides.first(where: { $0.trip == .exit })
            else { return false }
            // Of one card: otherwise the order of the list would decide who pays.
            return entry.acceptedAt <= exit.acceptedAt && entry.card?.type == exit.card?.type
                && entry.card?.number == exit.card?.number
        default: return false
        }
    }
}
