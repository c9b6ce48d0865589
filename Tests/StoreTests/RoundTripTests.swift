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

    @Test func `the leader of the last pass saves a round trip, until another one leads`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            try await Fleet.open(sessions: 1) { winner in
                let template = try await fleet.addTemplate()
                let preset = try await fleet.addPreset(of: template.version, desired: 1)
                let memory = PlanMemory()
                func spent() async throws -> Int {
                    try await roundTrips(fleet) { try await fleet.pass(of: [preset], memory: memory) }
                }
                #expect(try await spent() == 3)
                #expect(try await spent() == 2)
                try await winner.store.pool.withTransaction("test") { transaction in
                    try await transaction.takeReconcileLock()
                    // It has guessed wrong, and asks first from now on.
                    for expected in [2, 1] {
                        let spent = try await roundTrips(fleet) {
                            await #expect(throws: Fleet.LockHeld.self) { try await fleet.pass(memory: memory) }
                        }
                        #expect(spent == expected)
                    }
                }
                #expect(try await spent() == 3)
            }
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

    @Test func `the fleet's reporter asks and reads in one round trip, every other worker asks first`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            let reporter = try await fleet.addWorker()
            let other = try await fleet.addWorker()
            for (worker, wasReporter, expected) in [(reporter, false, 2), (reporter, true, 1), (other, false, 1)] {
                let facts = try await roundTrips(fleet) {
                    let facts = try await fleet.store.fleetFacts(for: worker, wasReporter: wasReporter)
                    #expect((facts != nil) == (worker == reporter))
                }
                let totals = try await roundTrips(fleet) {
                    let totals = try await fleet.store.claimTotals(for: worker, bounds: [1], wasReporter: wasReporter)
                    #expect((totals != nil) == (worker == reporter))
                }
                #expect([facts, totals] == [expected, expected])
            }
            // One that has lost its office without knowing.
            #expect(try await fleet.store.fleetFacts(for: other, wasReporter: true) == nil)
        }
    }

    @Test func `deliveries and events are looked for in one round trip`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            let worker = try await fleet.addWorker()
            func hasEvents() async throws -> Bool {
                try await fleet.store.lookForDeliveries(
                    for: worker,
                    limit: 1,
                    lease: .seconds(60),
                    room: [:],
                    roomElsewhere: 1
                ).hasEvents
            }
            let spent = try await roundTrips(fleet) {
                let found = try await hasEvents()
                #expect(!found)
            }
            #expect(spent == 1)
            try await fleet.sql("INSERT INTO notification_events (type) VALUES ('e')")
            let found = try await hasEvents()
            #expect(found)
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
