import Foundation
import GRDB

/// One item of data.send.
struct Notice: Sendable {
    let bizNo: String
    let digest: Data
    let userID: String
    let type: String
    let subject: String
    let bizTime: Int64
    /// As it came, JSON.
    let content: String
}

extension Store {
    /// Keeps all of them or, when a biz_no is taken by something else, none: then that biz_no is the answer.
    func add(_ notices: [Notice], from appID: String) async throws -> String? {
        try await write { db in
            var new: [Notice] = []
            for notice in notices {
                let known: Data? = try db.one(.notice, [appID, notice.bizNo])?["digest"]
                    ?? new.first { $0.bizNo.isSame(as: notice.bizNo) }?.digest
                guard known == nil || known == notice.digest else { return notice.bizNo }
                if known == nil { new.append(notice) }
            }
            for notice in new {
                try db.run(
                    .insertNotice,
                    [
                        appID, notice.bizNo, notice.digest, notice.userID, notice.type, notice.subject, notice.bizTime,
                        notice.content, WallClock.now,
                    ])
            }
            return nil
        }
    }

    func notices(of userID: String, limit: Int) async throws -> [Notice] {
        try await read { db in
            try db.all(.noticesOfRider, [userID, limit]).map { row in
                Notice(
                    bizNo: row["biz_no"], digest: row["digest"], userID: row["user_id"], type: row["type"],
                    subject: row["subject"], bizTime: row["biz_time"], content: row["content"])
            }
        }
    }
}
