// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// Passes for the pools that a notification names.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct NamedPassTests {
    @Test func `a pass for one pool fills it, and touches no other`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let named = try await fleet.addPreset("named", of: template.version, desired: 2)
            let sibling = try await fleet.addPreset("sibling", of: template.version, desired: 1)
            let extra = try await fleet.addPreset("extra", of: template.version, desired: 0)
            let unwanted = try await fleet.addWorkspace(of: extra)
            let (plan, applied) = try await fleet.pass(of: [named])
            #expect(!plan.isWhole)
            #expect(plan.presets.map(\.pool.presetID) == [named])
            #expect(applied.created == [named: 2])
            #expect(try await fleet.column("SELECT preset_id FROM prebuild_decisions") == [named])
            let rest = try await fleet.pass()
            #expect(rest.plan.isWhole)
            #expect(rest.applied.created == [sibling: 1])
            #expect(rest.applied.deleted == [unwanted.id])
        }
    }

    /// What a pass for a pool sees of it is what a whole pass sees, in whatever state its prebuilds are, and whoever has
    /// ordered them.
    @Test(arguments: [true, false]) func `it sees of its pools what a pass for all sees`(isActive: Bool) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            var presets: [PresetID] = []
            for name in ["one", "two", "three", "empty"] {
                presets.append(try await fleet.addPreset(name, of: template.version, desired: 3))
            }
            for preset in presets.dropLast() {
                for transition in Transition.allCases {
                    for status in JobStatus.allCases {
                        try await fleet.addWorkspace(of: preset, .init(transition: transition, status: status))
                    }
                }
            }
            // Ordered by this program, by another one or an operator, and by builds of several presets.
            try await fleet.sql(
                """
                UPDATE workspaces SET prebuild_preset_id = \(presets[0])
                WHERE id IN (SELECT workspace_id FROM workspace_builds WHERE template_version_preset_id = \(presets[0]))
                """
            )
            let moved = try await fleet.addWorkspace(of: presets[1])
            try await fleet.addBuild(.init(status: .running), to: moved.id, of: presets[2])
            if !isActive { try await fleet.addVersion(of: template.id) }
            let whole = try await fleet.snapshot(of: nil)
            for named in [[presets[0]], [presets[1], presets[2]], [presets[3]], presets] {
                let some = try await fleet.snapshot(of: named)
                let expected = whole.presets.filter { named.contains($0.pool.presetID) }
                #expect(some.presets.map(\.canonical) == expected.map(\.canonical))
            }
        }
    }

    @Test func `a preset without a pool, or that is gone, leads to nothing`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let poolless = try await fleet.addPreset("poolless", of: template.version, desired: nil)
            let (plan, applied) = try await fleet.pass(of: [poolless, .random()])
            #expect(plan.presets == [])
            #expect(plan.unreadable == [])
            #expect(applied == AppliedPlan())
        }
    }

    @Test func `the pool of an old version is emptied`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: old)
            try await fleet.addVersion(of: template.id)
            #expect(try await fleet.pass(of: [old]).applied.deleted == [prebuild.id])
        }
    }

    @Test(arguments: [(2, true), (3, false)])
    func `near an organization's quota it leaves the pool to a pass for all`(quota: Int, isUndecided: Bool) async throws
    {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let first = try await fleet.addPreset("first", of: template.version, desired: 2)
            for _ in 0..<2 { try await fleet.addWorkspace(of: first) }
            let second = try await fleet.addPreset("second", of: template.version, desired: 1)
            try await fleet.sql("UPDATE organizations SET prebuild_quota = \(quota) WHERE id = \(fleet.organization)")
            let (plan, applied) = try await fleet.pass(of: [second])
            #expect(plan.undecided == (isUndecided ? [second] : []))
            #expect(applied.created == (isUndecided ? [:] : [second: 1]))
            // What it did not decide it does not record either.
            #expect(try await fleet.count(of: "prebuild_decisions") == (isUndecided ? 0 : 1))
            let whole = try await fleet.pass().plan
            #expect(whole.isLimited == isUndecided)
            #expect(try await fleet.count(of: "workspaces") == (isUndecided ? 2 : 3))
        }
    }

    @Test func `near the cap of waiting jobs it leaves the pool to a pass for all`() async throws {
        try await Fleet.open { fleet in
            var limits = PlanLimits.none
            limits.maxPendingJobs = 3
            let template = try await fleet.addTemplate()
            let first = try await fleet.addPreset("first", of: template.version, desired: 1)
            let second = try await fleet.addPreset("second", of: template.version, desired: 2)
            let third = try await fleet.addPreset("third", of: template.version, desired: 1)
            // A claim that waits for its own build counts for nothing.
            let ada = try await fleet.addUser("ada")
            try await fleet.addWorkspace(of: first, owner: ada, .init(status: .pending))
            #expect(try await fleet.pass(of: [first], limits: limits).applied.created == [first: 1])
            #expect(try await fleet.pass(of: [second], limits: limits).applied.created == [second: 2])
            #expect(try await fleet.pass(of: [third], limits: limits).plan.undecided == [third])
            #expect(try await fleet.pass(limits: limits).plan.isLimited)
            #expect(try await fleet.count(of: "workspaces") == 4)
        }
    }

    @Test func `the end of a build names its pool, that of a claim build none, and what is no build names all`()
        async throws
    {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset, .init(status: .failed))
            let claimed = try await fleet.addWorkspace(of: preset, owner: ada, .init(), .init())
            try await fleet.sql("UPDATE workspace_builds SET reason = 'claim' WHERE id = \(claimed.builds[1])")
            let other = try await fleet.addJob()
            for (job, news) in [
                (prebuild.jobs[0], ["\(Channel.reconcile) \(preset)"]), (claimed.jobs[1], []),
                (other, ["\(Channel.reconcile) "]),
            ] {
                #expect(try await fleet.told(Store.ended([job])) == news + ["\(Channel.finished) \(job)"])
            }
        }
    }

    @Test func `workers that take turns at passes of both kinds record each decision once`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let one = try await fleet.addPreset("one", of: template.version, desired: 1)
            let two = try await fleet.addPreset("two", of: template.version, desired: 1)
            let memories = [PlanMemory(), PlanMemory()]
            for preset in [one, two] { try await fleet.addWorkspace(of: preset) }
            func passes() async throws {
                for memory in memories + memories {
                    try await fleet.pass(memory: memory)
                    try await fleet.pass(of: [one], memory: memory)
                }
            }
            try await passes()
            #expect(try await fleet.eligible(one) == [1])
            #expect(try await fleet.eligible(two) == [1])
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            try await fleet.pass(of: [one], memory: memories[0])
            try await passes()
            // Gone, and then starting.
            #expect(try await fleet.eligible(one) == [1, 0, 0])
            #expect(try await fleet.eligible(two) == [1, 0, 0])
            // Back to what the first worker remembers, by a decision of the second.
            try await fleet.sql("UPDATE provisioner_jobs SET started_at = now(), completed_at = now()")
            try await fleet.pass(of: [one], memory: memories[1])
            #expect(try await fleet.eligible(one) == [1, 0, 0, 1])
            try await passes()
            #expect(try await fleet.eligible(one) == [1, 0, 0, 1])
            #expect(try await fleet.eligible(two) == [1, 0, 0, 1])
        }
    }
}

extension Fleet {
    /// The notifications of the statement's only row.
    fileprivate func told(_ statement: Statement) async throws -> [String] {
        try await value("SELECT x.news AS told FROM (\(sql: statement.sql)) x")
    }

    fileprivate func snapshot(of named: [PresetID]?) async throws -> Snapshot {
        let query = SnapshotQuery(now: Fleet.now, limits: PlanLimits(), named: named)
        let answers = try await store.pool.executeBatch(query.statements)
        return try await SnapshotQuery.read(answers, memory: SizingMemory()) { try await store.pool.executeBatch($0) }
            .snapshot
    }

    /// The eligible prebuilds by the preset's decisions, in order.
    fileprivate func eligible(_ preset: PresetID) async throws -> [Int] {
        try await column(
            "SELECT (state->>'eligible')::int FROM prebuild_decisions WHERE preset_id = \(preset) ORDER BY id"
        )
    }
}

extension PresetSnapshot {
    /// With what comes in any order in one.
    fileprivate var canonical: Self {
        var copy = self
        copy.running.sort { $0.workspaceID < $1.workspaceID }
        copy.abandonedDeletions.sort { $0.workspaceID < $1.workspaceID }
        copy.pendingOrders.sort { $0.workspaceID < $1.workspaceID }
        return copy
    }
}
