// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import PostgresClient
@testable import Store

/// How often a pass waits for the database: what it costs where the database is far away.
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct RoundTripTests {
    /// Round trips of the body, which must use the fleet's only session.
    private func roundTrips(_ fleet: Fleet, _ body: () async throws -> Void) async throws -> Int {
        let before = try await fleet.store.pool.withSession { await $0.roundTrips }
        try await body()
        return try await fleet.store.pool.withSession { await $0.roundTrips } - before
    }

    @Test func `a pass takes as many round trips for 2,000 prebuilds as for one`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            let template = try await fleet.addTemplate()
            let small = try await fleet.addPreset("small", of: template.version, desired: 1)
            let one = try await roundTrips(fleet) {
                let written = try await fleet.pass().applied.created
                #expect(written == [small: 1])
            }
            let large = try await fleet.addPreset("large", of: template.version, desired: 2_000)
            let many = try await roundTrips(fleet) {
                let written = try await fleet.pass().applied.created
                #expect(written == [large: 2_000])
            }
            try await fleet.sql("UPDATE provisioner_jobs SET started_at = now(), completed_at = now()")
            try await fleet.sql("UPDATE template_version_presets SET desired_instances = 0")
            let deleting = try await roundTrips(fleet) {
                let written = try await fleet.pass().applied.deleted.count
                #expect(written == 2_001)
            }
            #expect([one, many, deleting] == [3, 3, 3])
        }
    }

    @Test func `a worker that does not win takes one round trip`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            try await Fleet.open(sessions: 1) { winner in
                try await winner.store.pool.withTransaction("test") { transaction in
                    try await transaction.takeReconcileLock()
                    let spent = try await roundTrips(fleet) {
                        await #expect(throws: Fleet.LockHeld.self) { try await fleet.pass() }
                    }
                    #expect(spent == 1)
                }
            }
        }
    }

    @Test func `a holder whose transaction is older than any pass is hung up on`() async throws {
        try await Fleet.open { fleet in
            let late: Task<Void, any Error> = try await Fleet.open(sessions: 1) { stuck in
                let holds = TestSignal<Void>()
                let isHungUpOn = TestSignal<Void>()
                let late = Task {
                    try await stuck.store.pool.withTransaction("test") { transaction in
                        try await transaction.takeReconcileLock()
                        holds.send()
                        try await isHungUpOn.next("the end of the connection")
                        _ = try await transaction.execute(Statement("test", "SELECT 1"))
                    }
                }
                try await holds.next("the lock")
                // Young enough to be in a pass.
                #expect(try await fleet.probe(stuckAfter: .seconds(60)) == [false, nil])
                #expect(try await fleet.probe(stuckAfter: .zero) == [false, true])
                isHungUpOn.send()
                return late
            }
            await #expect(throws: PostgresError.self) { try await late.value }
            try await fleet.pass()
        }
    }
}

extension PostgresTransaction {
    fileprivate func takeReconcileLock() async throws {
        _ = try await execute(
            Statement(
                "test.lock",
                "SELECT pg_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile))"
            )
        )
    }
}

extension Fleet {
    /// Whether the lock was won, and whether its holder was hung up on.
    fileprivate func probe(stuckAfter age: Duration) async throws -> [Bool?] {
        let rows = try await store.pool.execute(Store.probe(stuckAfter: age))
        let (won, hungUp) = try rows.only().decode(Bool.self, Bool?.self)
        return [won, hungUp]
    }
}
