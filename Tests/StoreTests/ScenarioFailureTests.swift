// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// The scenarios of builds that fail: hard limit and back-off (reconciler.md, "Scenarios").
@Suite(.database(.migrated, publishers: Publisher.allCases), .timeLimit(.minutes(1))) struct ScenarioFailureTests {
    private func hardLimit(_ limit: Int) -> PlanLimits {
        PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: limit)
    }

    @Test func `S7, a failure at a limit of one stops the preset and tells the administrators once`() async throws {
        try await Fleet.open { fleet in
            let admin = try await fleet.addUser("admin", roles: ["template-admin"])
            try await fleet.addUser("member", roles: ["member"])
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let failed = try await fleet.addWorkspace(of: preset, .init(status: .failed))
            let first = try await fleet.pass(limits: hardLimit(1))
            #expect(first.applied.events.count == 1)
            #expect(first.applied.statusChanges == [preset])
            try await fleet.passes(2, limits: hardLimit(1))
            #expect(try await fleet.workspaces() == [.init(id: failed.id, builds: ["start failed"])])
            #expect(try await fleet.status(of: preset) == "hard_limited")
            let event = try #require(
                try await fleet.sql(
                    """
                    SELECT type, template_id::text, recipients, labels->>'preset', (data->>'failures')::int,
                        data->>'last_error', data->'build_ids'->>0, occurrences
                    FROM notification_events
                    """
                ).only
            )
            let (type, notification, recipients, label, failures, error, build, occurrences) = try event.decode(
                String.self,
                String.self,
                [UserID].self,
                String.self,
                Int.self,
                String.self,
                String.self,
                Int.self
            )
            #expect(type == "prebuild_failure_limit_reached")
            #expect(notification == "414d9331-c1fc-4761-b40c-d1f4702279eb")
            #expect(recipients == [admin])
            #expect(label == "preset")
            #expect(failures == 1)
            #expect(error == "it did not work")
            #expect(BuildID(build) == failed.builds[0])
            #expect(occurrences == 1)
        }
    }

    @Test func `S8, a failure at a limit of two is tried again`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.addWorkspace(of: preset, .init(status: .failed))
            try await fleet.passes(3, limits: hardLimit(2))
            #expect(try await fleet.workspaces().map(\.builds) == [["start failed"], ["start pending"]])
            #expect(try await fleet.status(of: preset) == "healthy")
            #expect(try await fleet.eventTypes() == [])
        }
    }

    @Test(arguments: ["a new version is promoted", "the template is deleted"])
    func `S9, a hard limit holds up no deletion`(ending: String) async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("admin", roles: ["template-admin"])
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            let earlier = Fleet.now - .seconds(7_200)
            let good = try await fleet.addWorkspace(of: preset, createdAt: earlier, .init(createdAt: earlier))
            let bad = try await fleet.addWorkspace(
                of: preset,
                createdAt: earlier + .seconds(1),
                .init(status: .failed, createdAt: earlier + .seconds(1))
            )
            try await fleet.passes(3, limits: hardLimit(1))
            #expect(
                try await fleet.workspaces() == [
                    .init(id: good.id, builds: ["start succeeded"]), .init(id: bad.id, builds: ["start failed"]),
                ]
            )
            #expect(try await fleet.status(of: preset) == "hard_limited")
            #expect(try await fleet.eventTypes() == ["prebuild_failure_limit_reached"])

            if ending == "the template is deleted" {
                try await fleet.sql("UPDATE templates SET deleted = true")
            } else {
                try await fleet.addVersion(of: template.id)
            }
            let plan = try await fleet.pass(limits: hardLimit(1)).plan
            #expect(plan.presets.map(\.isActive) == [false])
            #expect(
                try await fleet.workspaces() == [
                    .init(id: good.id, builds: ["start succeeded", "delete pending"]),
                    .init(id: bad.id, builds: ["start failed"]),
                ]
            )
            #expect(try await fleet.eventTypes() == ["prebuild_failure_limit_reached"])
        }
    }

    @Test func `S11, a preset waits after failures, and longer after more`() async throws {
        try await Fleet.open { fleet in
            let limits = PlanLimits(backoffLookback: .seconds(20 * 3_600), failureHardLimit: 0)
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            for _ in 0..<2 {
                try await fleet.addWorkspace(of: preset, .init(status: .failed, createdAt: Fleet.now))
            }
            let until = Fleet.now + .seconds(120)
            for moment in [Fleet.now, Fleet.now + .seconds(1), until] {
                let plan = try await fleet.pass(at: moment, limits: limits).plan.presets[0]
                #expect(plan.state == PoolState(desired: 2, failed: 2))
                #expect(plan.actions == [])
                #expect(plan.backoff == Backoff(failures: 2, lastBuildAt: Fleet.now, until: until))
            }
            let later = until + .seconds(1)
            #expect(try await fleet.pass(at: later, limits: limits).applied.created == [preset: 2])

            // One of the two fails, one succeeds.
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 2, poolLimit: 2)
            try await fleet.complete(jobs[0], .failed(.failed, message: "it did not work"))
            try await fleet.complete(jobs[1], .succeeded)
            let plan = try await fleet.pass(at: later + .seconds(1), limits: limits).plan.presets[0]
            #expect(plan.state == PoolState(actual: 1, desired: 2, eligible: 1, failed: 3))
            #expect(plan.actions == [])
            #expect(plan.backoff == Backoff(failures: 3, lastBuildAt: later, until: later + .seconds(180)))
        }
    }

    @Test(arguments: ["EXPIRED", "WORKER_LOST"])
    func `a job that no provisioner failed is not a failed build of its preset`(code: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.addWorkspace(
                of: preset,
                .init(status: .failed, errorCode: code, createdAt: Fleet.now)
            )
            let limits = PlanLimits(failureHardLimit: 1)
            let pass = try await fleet.pass(at: Fleet.now + .seconds(1), limits: limits)
            #expect(pass.plan.presets[0].backoff == nil)
            #expect(pass.applied.created == [preset: 1])
            #expect(try await fleet.status(of: preset) == "healthy")
        }
    }

    @Test func `a preset that wants prebuilds on schedule only backs off too`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(
                of: template.version,
                desired: 0,
                schedule: [("* * * * *", 1)],
                timeZone: "UTC"
            )
            try await fleet.addWorkspace(of: preset, .init(status: .failed, createdAt: Fleet.now))
            let plan = try await fleet.pass(limits: PlanLimits(failureHardLimit: 0)).plan.presets[0]
            #expect(
                plan.backoff
                    == Backoff(failures: 1, lastBuildAt: Fleet.now, until: Fleet.now + .seconds(60))
            )
            #expect(plan.actions == [])
        }
    }
}
