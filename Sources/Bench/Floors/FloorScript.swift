// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// A script of plain SQL on plain tables: what a floor is measured with, by pgbench.
///
/// The raw value is the file's name in `Sources/Bench/Floors/Scripts`, and what the report calls it.
enum FloorScript: String, CaseIterable, Sendable {
    case claimOne = "claim-one.sql"
    case claimBatch = "claim-batch.sql"
    case enqueueOne = "enqueue-one.sql"
    case idleQueue = "idle-queue.sql"
    case bind = "bind.sql"
    case selectOne = "select-one.sql"

    /// How many jobs a claim of ``claimBatch`` takes.
    static let batch = 100

    /// Makes the tables of the queue's scripts anew.
    static var queueTables: SQL { SQL(trusted: string(PackageResources.queue_tables_sql)) }
    /// Makes the tables of ``bind`` anew.
    static var claimTables: SQL { SQL(trusted: string(PackageResources.claim_tables_sql)) }

    /// The script, as pgbench reads it.
    var text: String {
        switch self {
        case .claimOne: Self.string(PackageResources.claim_one_sql)
        case .claimBatch: Self.string(PackageResources.claim_batch_sql)
        case .enqueueOne: Self.string(PackageResources.enqueue_one_sql)
        case .idleQueue: Self.string(PackageResources.idle_queue_sql)
        case .bind: Self.string(PackageResources.bind_sql)
        case .selectOne: Self.string(PackageResources.select_one_sql)
        }
    }

    /// The statements, for a measurement of the same SQL by this program's client. A variable of pgbench, such as
    /// `:id`, is where they stand apart: between the pieces of one statement.
    var statements: [[SQL]] {
        let code = text.split(separator: "\n").filter { !$0.hasPrefix("--") && !$0.hasPrefix("\\") }
        return code.joined(separator: "\n").split { $0 == ";" }.flatMap { $0.split(separator: "\\gset") }
            .filter { !$0.allSatisfy(\.isWhitespace) }
            .map { $0.split(separator: ":id", omittingEmptySubsequences: false).map { SQL(trusted: String($0)) } }
    }

    private static func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
