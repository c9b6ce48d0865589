// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// What a pass does beside the scenarios: isolation, pauses, time zones, eligibility, the record of decisions.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ReconcileTests {
    @Test func `a preset that cannot be written holds up no other, and is reported`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let good = try await fleet.addPreset("good", of: template.version, desired: 2)
            let bad = try await fleet.addPreset("bad", of: template.version, desired: 1)
            let last = try await fleet.addPreset("last", of: template.version, desired: 3)
            let prebuild = try await fleet.addWorkspace(of: bad)
            try await fleet.sql("UPDATE template_version_presets SET desired_instances = 2 WHERE id = \(bad)")
            try await fleet.sql(
                .init(
                    trusted: "ALTER TABLE workspace_builds ADD CHECK (template_version_preset_id <> '\(bad)') NOT VALID"
                )
            )
            let applied = try await fleet.pass().applied
            #expect(applied.created == [good: 2, last: 3])
            #expect(Array(applied.failures.keys) == [bad])
            #expect(applied.failures[bad]?.contains("workspace_builds_template_version_preset_id_check") == true)
            // Nothing of the failed one stays: no workspace without a build.
            #expect(try await fleet.count(of: "workspaces") == 6)
            #expect(try await fleet.workspaces().first == .init(id: prebuild.id, builds: ["start succeeded"]))
        }
    }

    @Test(arguments: [
        #"('prebuilds', '{"reconciliation_paused": true, "reason": "upgrade"}')"#,
        #"('maintenance', '{"active": true, "reason": "upgrade", "until": "2025-06-02T12:00:00.000001Z"}')"#,
    ])
    func `a paused fleet neither creates nor deletes`(setting: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let unwanted = try await fleet.addPreset("unwanted", of: template.version, desired: 0)
            try await fleet.addWorkspace(of: unwanted)
            try await fleet.sql("INSERT INTO settings (key, value) VALUES \(sql: .init(trusted: setting))")
            let (plan, applied) = try await fleet.pass()
            #expect(plan.pause?.reason == "upgrade")
            #expect(applied == AppliedPlan())
            #expect(try await fleet.workspaces().map(\.builds) == [["start succeeded"]])
            try await fleet.sql(
                #"UPDATE settings SET value = value || '{"until": "2025-06-02T12:00:00Z"}'"#
            )
            #expect(try await fleet.pass().applied.createdTotal == 1)
        }
    }

    @Test func `a paused template creates nothing and deletes nevertheless`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let unwanted = try await fleet.addPreset("unwanted", of: template.version, desired: 0)
            let prebuild = try await fleet.addWorkspace(of: unwanted)
            try await fleet.sql("UPDATE templates SET prebuilds_paused_until = 'infinity'")
            let applied = try await fleet.pass().applied
            #expect(applied.created == [:])
            #expect(applied.deleted == [prebuild.id])
        }
    }

    /// Berlin leaves summer time on 26 October 2025 at 01:00 UTC, New York on 2 November at 06:00 UTC.
    @Test(arguments: [
        // 08:00 UTC is 10:00 and 04:00 on the 24th; 09:00 in Berlin's winter, a day after the change.
        ("2025-10-24T06:59:59Z", 0, 0), ("2025-10-24T07:00:00Z", 2, 0), ("2025-10-27T07:30:00Z", 0, 0),
        ("2025-10-27T08:00:00Z", 2, 0), ("2025-10-31T13:00:00Z", 2, 3), ("2025-11-03T13:30:00Z", 2, 0),
        ("2025-11-03T14:00:00Z", 2, 3),
        // The hour from two to three comes twice in Berlin on the 26th.
        ("2025-10-26T00:30:00Z", 5, 0), ("2025-10-26T01:30:00Z", 5, 0), ("2025-10-26T02:00:00Z", 0, 0),
    ])
    func `schedules follow the clocks of two zones`(time: String, berlin: Int, newYork: Int) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let east = try await fleet.addPreset(
                "east",
                of: template.version,
                desired: 0,
                schedule: [("* 9-17 * * 1-5", 2), ("* 2 * * 0", 5)],
                timeZone: "Europe/Berlin"
            )
            let west = try await fleet.addPreset(
                "west",
                of: template.version,
                desired: 0,
                schedule: [("* 9-17 * * MON-FRI", 3)],
                timeZone: "America/New_York"
            )
            let moment: Instant = try #require(Instant(iso8601: time))
            try await fleet.pass(
                at: moment
            )
            #expect(try await fleet.pendingStarts(of: east) == berlin)
            #expect(try await fleet.pendingStarts(of: west) == newYork)
        }
    }

    @Test func `a prebuild is eligible when every agent its version declares is ready`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: ["main"])
            let preset = try await fleet.addPreset(of: version, desired: 3)
            let ready = try await fleet.addWorkspace(of: preset)
            let starting = try await fleet.addWorkspace(of: preset)
            try await fleet.addWorkspace(of: preset)
            try await fleet.addAgent(to: ready)
            try await fleet.addAgent(to: starting, state: "starting")
            #expect(try await fleet.pass().plan.presets[0].state == PoolState(actual: 3, desired: 3, eligible: 1))
            #expect(try await fleet.column("SELECT id FROM workspace_prebuilds WHERE eligible") == [ready.id])
        }
    }

    @Test func `a version that is still being imported is not built`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let job = try await fleet.addJob(.import)
            try await fleet.sql("UPDATE template_versions SET job_id = \(job)")
            #expect(try await fleet.pass().plan.presets[0].withheld.map(\.reason) == [.versionNotReady])
            try await fleet.sql("UPDATE provisioner_jobs SET started_at = now(), completed_at = now()")
            #expect(try await fleet.pass().applied.created == [preset: 1])
        }
    }

    @Test func `quotas and the bound on waiting jobs are kept`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 10)
            try await fleet.sql("UPDATE organizations SET prebuild_quota = 7")
            var limits = PlanLimits.none
            limits.maxPendingJobs = 4
            #expect(try await fleet.pass(limits: limits).applied.createdTotal == 4)
            #expect(try await fleet.pass(limits: limits).applied.createdTotal == 0)
            #expect(try await fleet.pass().applied.createdTotal == 3)
            #expect(try await fleet.pass().applied.createdTotal == 0)
        }
    }

    @Test func `a decision is recorded when it differs from the last`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.passes(3)
            #expect(
                try await fleet.column("SELECT actions->0->>'type' FROM prebuild_decisions ORDER BY id") == [
                    "create", nil,
                ]
            )
            #expect(try await fleet.column("SELECT DISTINCT preset_id FROM prebuild_decisions") == [preset])
        }
    }

    @Test func `a reset between snapshot and writes wins over a status`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1, parameters: [:])
            try await fleet.sql("UPDATE template_version_presets SET prebuild_status = 'hard_limited'")
            let (_, applied) = try await fleet.pass { pass in
                var snapshot = pass.snapshot
                // As it was before the operator's change.
                snapshot.presets[0].status = .healthy
                return Plan(snapshot: snapshot, now: pass.now, limits: .none)
            }
            #expect(applied.statusChanges == [])
            #expect(applied.events == [])
            #expect(try await fleet.status(of: preset) == "hard_limited")
        }
    }

    @Test func `a prebuild that was claimed since the snapshot is not deleted`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let claimed = try await fleet.addWorkspace(of: preset)
            let rebuilt = try await fleet.addWorkspace(of: preset)
            let free = try await fleet.addWorkspace(of: preset)
            let (now, snapshot) = try await fleet.store.snapshot(at: Fleet.now, limits: .none)
            try await fleet.sql("UPDATE workspaces SET owner_id = \(ada) WHERE id = \(claimed.id)")
            try await fleet.addBuild(.init(transition: .stop), to: rebuilt.id, of: preset)
            let (plan, applied) = try await fleet.pass(at: now) { pass in
                Plan(snapshot: snapshot, now: pass.now, limits: .none)
            }
            #expect(plan.presets[0].deletions.count == 3)
            #expect(applied.deleted == [free.id])
        }
    }

    @Test func `a prebuild that a claim holds is not waited for, and not replaced before it has let go`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1, ttl: .seconds(60))
            let expired = try await fleet.addWorkspace(of: preset)
            try await fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test", "SELECT FROM workspaces WHERE id = \(expired.id) FOR UPDATE")
                )
                let (plan, applied) = try await fleet.pass()
                #expect(plan.presets[0].actions.count == 2)
                #expect(applied.deleted.isEmpty)
                #expect(applied.created.isEmpty)
                #expect(applied.failures.isEmpty)
            }
            let applied = try await fleet.pass().applied
            #expect(applied.deleted == [expired.id])
            #expect(applied.created == [preset: 1])
        }
    }
}
