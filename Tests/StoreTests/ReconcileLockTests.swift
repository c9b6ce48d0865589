// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

/// One leader at a time; one that dies or freezes leaves nothing half done (reconciler.md, "A pass").
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct ReconcileLockTests {
    @Test(.database(.migrated, publishers: Publisher.allCases))
    func `S12, of five contenders never two are inside at once`() async throws {
        try await Fleet.open(sessions: 6) { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            // Each pass creates a prebuild, which takes it a second; what it enters and leaves is written outside of it.
            try await fleet.sql("CREATE TABLE visits (entered timestamptz, left_at timestamptz)")
            try await fleet.sql(
                """
                CREATE FUNCTION visit() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE entered timestamptz := clock_timestamp();
                BEGIN
                    PERFORM pg_sleep(1);
                    INSERT INTO visits VALUES (entered, clock_timestamp());
                    RETURN NULL;
                END $$
                """
            )
            try await fleet.sql(
                "CREATE TRIGGER visit AFTER INSERT ON workspaces FOR EACH STATEMENT EXECUTE FUNCTION visit()"
            )
            let turnedAway = WatchedState(0)
            let hasChanged = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                for _ in 0..<5 {
                    group.addTask {
                        while true {
                            do {
                                try await fleet.pass()
                                // The next to win finds a prebuild missing again.
                                try await fleet.sql("UPDATE workspaces SET deleted = true")
                                for _ in 0..<4 { hasChanged.send() }
                                return
                            } catch is Fleet.LockHeld {
                                turnedAway.update { $0 += 1 }
                                try await hasChanged.next("the end of another's pass")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await fleet.value(
                    """
                    SELECT count(*) FROM visits a JOIN visits b
                    ON a.ctid <> b.ctid AND a.entered < b.left_at AND b.entered < a.left_at
                    """
                ) == 0
            )
            #expect(try await fleet.count(of: "visits") >= 1)
            #expect(turnedAway.current >= 4)
            #expect(try await fleet.pendingStarts(of: preset) <= 1)
        }
    }

    @Test(arguments: [false, true])
    func `a winner cut off while it writes leaves nothing behind`(isNamed: Bool) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 3)
            let extra = try await fleet.addPreset("extra", of: template.version, desired: 0)
            let doomed = try await fleet.addWorkspace(of: extra)
            try await fleet.sql(
                """
                CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM pg_terminate_backend(pg_backend_pid());
                    PERFORM pg_sleep(30);
                    RETURN NULL;
                END $$
                """
            )
            // Deletions have been written by then, and workspaces inserted.
            try await fleet.sql(
                "CREATE TRIGGER cut_off AFTER INSERT ON workspaces FOR EACH STATEMENT EXECUTE FUNCTION cut_off()"
            )
            let named: Set<PresetID>? = isNamed ? [preset, extra] : nil
            await #expect(throws: PostgresError.self) { try await fleet.pass(of: named) }
            #expect(try await fleet.workspaces() == [.init(id: doomed.id, builds: ["start succeeded"])])
            #expect(try await fleet.value("SELECT bool_or(retiring) FROM workspaces") == false)
            #expect(try await fleet.count(of: "prebuild_decisions") == 0)

            try await fleet.sql("DROP TRIGGER cut_off ON workspaces")
            let applied = try await fleet.pass(of: named).applied
            #expect(applied.created == [preset: 3])
            #expect(applied.deleted == [doomed.id])
        }
    }

    @Test func `a winner frozen in the middle of a pass loses the lock, and its writes come to nothing`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            let frozen = FrozenReconciler()
            defer { frozen.thaw() }
            let isFrozen = TestSignal<Void>()
            let late = Task {
                try await frozen.pass(of: fleet) { isFrozen.send() }
            }
            try await isFrozen.next("the pass")
            await #expect(throws: Fleet.LockHeld.self) { try await fleet.pass() }
            // Granted by the server once it has hung up on the frozen one.
            try await fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement(
                        "test.lock",
                        within: .seconds(60),
                        """
                        SELECT pg_advisory_xact_lock(
                            \(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile)
                        )
                        """
                    )
                )
            }
            #expect(try await fleet.pass().applied.created == [preset: 2])
            frozen.thaw()
            await #expect(throws: PostgresError.self) { try await late.value }
            #expect(try await fleet.count(of: "workspaces") == 2)
        }
    }
}

/// Makes a pass on a thread of its own, which stands still between the snapshot and the writes.
private actor FrozenReconciler {
    private let thread = OwnThread()
    private nonisolated let gate = DispatchSemaphore(value: 0)

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func pass(of fleet: Fleet, _ onFreeze: () -> Void) async throws {
        _ = try await fleet.pass { pass in
            onFreeze()
            gate.wait()
            return Plan(snapshot: pass.snapshot, now: pass.now, limits: .none)
        }
    }

    nonisolated func thaw() { gate.signal() }

    private final class OwnThread: SerialExecutor {
        private let queue = DispatchQueue(label: "frozen reconciler")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }
}
