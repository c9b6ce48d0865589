// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing

/// Orders of a version that nobody wants any more, and deletions that somebody canceled.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RemovalTests {
    @Test(arguments: ["a new version is promoted", "the template is deleted", "the template is deprecated"])
    func `orders that wait are canceled, not built and destroyed`(ending: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 300)
            #expect(try await fleet.pass().applied.createdTotal == 300)
            switch ending {
            case "a new version is promoted": try await fleet.addVersion(of: template.id)
            case "the template is deleted": try await fleet.sql("UPDATE templates SET deleted = true")
            default: try await fleet.sql("UPDATE templates SET deprecated = 'use another'")
            }
            let human = try await fleet.addJob(.interactive)
            let applied = try await fleet.pass().applied
            #expect(applied.canceled.count == 300)
            #expect(applied.deleted == [])
            #expect(
                try await fleet.value(
                    """
                    SELECT count(*) FROM provisioner_jobs
                    WHERE job_status = 'canceled' AND error_code = 'SUPERSEDED' AND claim_epoch = 1
                    """
                ) == 300
            )
            #expect(try await fleet.workspaces() == [])
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 4)
            #expect(jobs.map(\.id) == [human])
            let again = try await fleet.pass()
            #expect(again.applied == AppliedPlan(lastDecisionOf: again.applied))
            #expect(try await fleet.status(of: preset) == "healthy")
        }
    }

    @Test func `an order that was begun and handed back is canceled, and what exists of it is destroyed`() async throws
    {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 3)
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 2, poolLimit: 2)
            _ = try await fleet.store.checkpoint(Array("state".utf8), of: jobs[0].held)
            // One goes back; one runs on.
            try await fleet.store.requeue(jobs[0].held, refundAttempt: true)
            try await fleet.addVersion(of: template.id)
            let applied = try await fleet.pass().applied
            #expect(applied.canceled.count == 2)
            #expect(applied.deleted.count == 1)
            #expect(
                Set(try await fleet.workspaces().map(\.builds)) == [
                    ["start canceled", "delete pending"], ["start running"],
                ]
            )
            // Its deletion starts from what it left.
            let delete = try await fleet.claimOne(for: worker)
            #expect(try await fleet.store.buildContext(of: delete.held).state == Array("state".utf8))
        }
    }

    @Test func `an order that a worker takes at this moment is left alone`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            try await fleet.addVersion(of: template.id)
            let (now, snapshot) = try await fleet.store.snapshot(at: Fleet.now, limits: .none)
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            let (plan, applied) = try await fleet.pass(at: now) { pass in
                Plan(snapshot: snapshot, now: pass.now, limits: .none)
            }
            #expect(plan.presets.flatMap(\.cancellations).count == 1)
            #expect(applied.canceled == [])
            #expect(applied.deleted == [])
            #expect(try await fleet.status(of: job.id) == .running)
        }
    }

    @Test func `a version that is promoted again keeps its orders`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            try await fleet.addVersion(of: template.id)
            let (now, snapshot) = try await fleet.store.snapshot(at: Fleet.now, limits: .none)
            try await fleet.activate(template.version, of: template.id)
            let (_, applied) = try await fleet.pass(at: now) { pass in
                Plan(snapshot: snapshot, now: pass.now, limits: .none)
            }
            #expect(applied.canceled == [])
            #expect(try await fleet.workspaces().map(\.builds) == [["start pending"]])
        }
    }

    @Test(arguments: [true, false])
    func `a deletion that was canceled is ordered again`(isActive: Bool) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let prebuild = try await fleet.addWorkspace(of: preset)
            if !isActive { try await fleet.addVersion(of: template.id) }
            for round in 1...3 {
                #expect(try await fleet.pass().applied.deleted == [prebuild.id])
                let job: JobID = try await fleet.value(
                    "SELECT id FROM provisioner_jobs WHERE job_status = 'pending'"
                )
                if round < 3 { _ = try await fleet.store.cancelJob(job) }
            }
            #expect(
                try await fleet.workspaces().map(\.builds) == [
                    ["start succeeded", "delete canceled", "delete canceled", "delete pending"]
                ]
            )
            #expect(try await fleet.pass().applied.deleted == [])
            let worker = try await fleet.addWorker()
            let delete = try await fleet.claimOne(for: worker)
            try await fleet.complete(delete, .succeeded)
            #expect(try await fleet.workspaces() == [])
        }
    }

    @Test func `a start that was canceled or failed is evidence, and is counted`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            try await fleet.addWorkspace(of: preset, .init(status: .failed))
            try await fleet.addWorkspace(of: preset, .init(status: .canceled))
            try await fleet.addWorkspace(of: preset, .init(), .init(transition: .delete, status: .failed))
            let (plan, applied) = try await fleet.pass()
            #expect(plan.presets[0].state == PoolState(failed: 2, canceled: 1))
            #expect(applied.deleted == [])
        }
    }
}

extension AppliedPlan {
    /// Nothing but what every pass has.
    fileprivate init(lastDecisionOf other: AppliedPlan) {
        self = other
        (created, deleted, canceled, statusChanges, events, failures) = ([:], [], [], [], [], [:])
    }
}
