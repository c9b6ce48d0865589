// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// A floor to measure: the tables as it needs them, and how pgbench runs the script.
struct Floor: Sendable {
    let script: FloorScript
    let clients: Int
    /// The transactions of each client; of the idle queue and round trips alike.
    let transactions: Int
    /// Transactions a second; `nil`: as many as possible.
    var rate: Int?
    /// The variables that the script reads, beside pgbench's own.
    var variables: [String: Int] = [:]
    /// Fills the tables.
    var prepare: @Sendable (Store) async throws -> Void = { _ in }

    /// What the report calls it.
    var name: String { "pgbench \(script.rawValue), \(clients) \(clients == 1 ? "client" : "clients")" }

    /// Claims one job and completes it, with two commits.
    static func claimOne(jobs: Int, clients: Int) -> Self {
        Self(script: .claimOne, clients: clients, transactions: max(jobs / clients, 1)) {
            try await $0.fillFloorQueue(jobs)
        }
    }

    /// Claims and completes a hundred jobs, with two commits.
    static func claimBatch(jobs: Int, clients: Int) -> Self {
        let each = max(jobs / FloorScript.batch / clients, 1)
        return Self(script: .claimBatch, clients: clients, transactions: each) {
            try await $0.fillFloorQueue(each * clients * FloorScript.batch)
        }
    }

    /// Inserts one job a commit.
    static func enqueueOne(jobs: Int, clients: Int) -> Self {
        Self(script: .enqueueOne, clients: clients, transactions: max(jobs / clients, 1)) {
            try await $0.fillFloorQueue(0)
        }
    }

    /// Inserts and claims one job after the other, with pauses between.
    static func idleQueue(jobs: Int) -> Self {
        Self(script: .idleQueue, clients: 1, transactions: jobs, rate: 40) { try await $0.fillFloorQueue(0) }
    }

    /// Hands over a prebuild for each claim, of the presets in turns.
    static func bind(claims: Int, presets: Int, clients: Int) -> Self {
        let each = max(claims / clients, 1)
        return Self(
            script: .bind,
            clients: clients,
            transactions: each,
            variables: ["number": -1, "clients": clients, "presets": presets],
            prepare: { try await $0.fillFloorPrebuilds(each * clients, presets: presets) }
        )
    }

    /// Round trips.
    static func selectOne(trips: Int, clients: Int) -> Self {
        Self(script: .selectOne, clients: clients, transactions: max(trips / clients, 1))
    }
}

extension Store {
    fileprivate func fillFloorQueue(_ jobs: Int) async throws {
        try await benchScript(FloorScript.queueTables)
        try await bench("INSERT INTO jobs (payload) SELECT '{\"no_op\": true}' FROM generate_series(1, \(jobs))")
        try await settle()
    }

    fileprivate func fillFloorPrebuilds(_ count: Int, presets: Int) async throws {
        try await benchScript(FloorScript.claimTables)
        try await bench(
            """
            INSERT INTO prebuilds (preset, name)
            SELECT n % \(presets), 'prebuild-' || n FROM generate_series(0, \(count) - 1) n
            """
        )
        try await settle()
    }
}
