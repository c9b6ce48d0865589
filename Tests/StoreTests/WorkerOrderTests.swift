// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// Drain and resume by command, as the database keeps them.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct WorkerOrderTests {
    private func state(_ fleet: Fleet, _ worker: WorkerID) async throws -> [String] {
        try await fleet.column(
            "SELECT unnest(ARRAY[state::text, state_reason]) FROM workers WHERE id = \(worker)"
        )
    }

    @Test func `a drained worker claims nothing from then on, and again when it is resumed`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let orders = try await fleet.listen(to: Channel.workers)
            #expect(
                try await fleet.store.drainWorkers(named: "worker", within: .seconds(1_200), by: "ada") == [worker]
            )
            #expect(try await orders.next("the order") == "\(worker)")
            #expect(try await state(fleet, worker) == ["draining", "drained by ada"])
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
            let beat = try await fleet.store.heartbeat(worker, lease: .seconds(60), holding: [])
            #expect(beat.state == .draining)
            #expect(beat.drainDeadline.map { $0 - beat.now > .seconds(1_190) } == true)
            #expect(try await fleet.store.resumeWorkers(named: "\(worker)") == [worker])
            #expect(try await orders.next("the second order") == "\(worker)")
            #expect(try await state(fleet, worker) == ["active", ""])
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).count == 1)
        }
    }

    @Test func `a drain ends with the last job`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            _ = try await fleet.store.drainWorkers(named: "worker", within: .seconds(60), by: "ada")
            #expect(try await !fleet.store.finishDrain(of: worker))
            try await fleet.complete(job, .succeeded)
            #expect(try await fleet.store.finishDrain(of: worker))
            #expect(try await state(fleet, worker) == ["drained", "drained by ada"])
            #expect(try await fleet.store.resumeWorkers(named: "worker") == [worker])
            #expect(try await !fleet.store.finishDrain(of: worker))
        }
    }

    @Test func `states are compressed once no worker is up that cannot read such`() async throws {
        try await Fleet.open { fleet in
            #expect(try await fleet.store.mayCompressStates())
            let old = try await fleet.addWorker()
            _ = try await fleet.addWorker()
            // As a worker of the release before has entered itself.
            try await fleet.sql("UPDATE workers SET reads_compressed_states = false WHERE id = \(old)")
            #expect(try await !fleet.store.mayCompressStates())
            try await fleet.endLease(of: old)
            #expect(try await fleet.store.mayCompressStates())
        }
    }

    @Test func `the end of a drain is told once, with who asked for it and what was handed over`() async throws {
        try await Fleet.open { fleet in
            for _ in 0..<2 { try await fleet.addJob() }
            let worker = try await fleet.addWorker()
            let jobs = [try await fleet.claimOne(for: worker), try await fleet.claimOne(for: worker)]
            _ = try await fleet.store.drainWorkers(named: "worker", within: .seconds(60), by: "ada")
            // One is handed over; the other's own failure is none of the drain's.
            try await fleet.store.requeue(jobs[0].held, refundAttempt: true)
            try await fleet.store.requeue(jobs[1].held, refundAttempt: false)
            #expect(try await fleet.store.finishDrain(of: worker))
            // Its process ends.
            try await fleet.store.setWorkerState(worker, .draining, reason: Store.stopping)
            try await fleet.store.setWorkerState(worker, .drained, reason: Store.stopped)
            func told() async throws -> [String] {
                try await fleet.column(
                    """
                    SELECT concat_ws(' ', type, data->>'jobs', data->>'by', data->>'reason') FROM notification_events
                    ORDER BY sequence
                    """
                )
            }
            #expect(try await told() == ["worker_drained 1 ada drained by ada"])

            let other = try await fleet.addWorker()
            try await fleet.store.setWorkerState(other, .draining, reason: Store.stopping)
            try await fleet.store.setWorkerState(other, .drained, reason: Store.stopped)
            #expect(try await told().sorted().first == "worker_drained 0 stopping")
        }
    }

    @Test func `nobody drains or resumes what is not up, or what stops by itself`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            let missing = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.drainWorkers(named: "nobody", within: .seconds(1), by: "ada")
            }
            #expect(missing?.code == .notFound)
            let active = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.resumeWorkers(named: "worker")
            }
            #expect(active == StoreError(.conflict, "The worker 'worker' is active, so that it cannot resume"))
            try await fleet.store.setWorkerState(worker, .draining, reason: Store.stopping)
            let stopping = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.resumeWorkers(named: "worker")
            }
            #expect(
                stopping
                    == StoreError(.conflict, "The worker 'worker' is draining (stopping), so that it cannot resume")
            )
            try await fleet.endLease(of: worker)
            let gone = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.resumeWorkers(named: "worker")
            }
            #expect(gone?.code == .notFound)
        }
    }

    /// It could not hand them back: the database was away when it left.
    @Test func `what a worker holds that has left is taken once its lease has ended`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            try await fleet.store.setWorkerState(worker, .drained, reason: Store.stopped)
            #expect(try await fleet.store.reapLostWorkers().requeued == [])
            try await fleet.endLease(of: worker)
            #expect(try await fleet.store.reapLostWorkers().requeued == [job.id])
        }
    }
}
