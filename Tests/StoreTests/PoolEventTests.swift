// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// Events about pools and the fleet that passes write.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PoolEventTests {
    /// An event's type, and of its data `how` and the numbers.
    private func events(_ fleet: Fleet) async throws -> [String] {
        try await fleet.column(
            """
            SELECT concat_ws(' ', type, data->>'how', data->>'desired', data->>'eligible', data->>'misses')
            FROM notification_events ORDER BY sequence
            """
        )
    }

    @Test func `a pool that loses its last ready prebuild is depleted once, and recovers once`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            // Being filled for the first time is no depletion.
            try await fleet.passes(2)
            #expect(try await events(fleet) == [])
            try await fleet.sql("UPDATE provisioner_jobs SET started_at = now(), completed_at = now()")
            try await fleet.pass()

            try await fleet.sql("UPDATE workspaces SET owner_id = \(ada), name = 'claimed-' || id")
            try await fleet.sql(
                """
                INSERT INTO workspace_claims (organization_id, template_id, preset_id, claimant_id, outcome, created_at)
                SELECT \(fleet.organization), \(template.id), \(preset), \(ada), outcome, \(Fleet.now)
                FROM unnest(ARRAY['hit', 'hit', 'miss_empty']) outcome
                """
            )
            try await fleet.passes(3)
            #expect(try await events(fleet) == ["pool_depleted 2 0 1"])

            try await fleet.sql("UPDATE provisioner_jobs SET started_at = now(), completed_at = now()")
            try await fleet.passes(3)
            #expect(try await events(fleet) == ["pool_depleted 2 0 1", "pool_recovered refilled 2 2 1"])

            // A new incident.
            try await fleet.sql("UPDATE workspaces SET deleted = true WHERE owner_id = \(prebuildsUserID)")
            try await fleet.passes(2)
            #expect(try await events(fleet).last == "pool_depleted 2 0 1")
            #expect(try await fleet.count(of: "notification_events") == 3)
        }
    }

    @Test(arguments: [
        ("UPDATE template_version_presets SET desired_instances = 0", "not_desired"),
        ("UPDATE templates SET deprecated = 'use the other'", "inactive"),
    ])
    func `a depletion is over when nothing is wanted any more`(change: String, how: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            // Another pool, whose news makes passes look when the first one has vanished from the snapshot.
            let other = try await fleet.addTemplate("other")
            _ = try await fleet.addPreset(of: other.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            try await fleet.pass()
            try await fleet.sql("UPDATE workspaces SET deleted = true WHERE id = \(prebuild.id)")
            try await fleet.pass()
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            try await fleet.sql(.init(trusted: "\(change) WHERE id IN ('\(preset)', '\(template.id)')"))
            try await fleet.passes(2)
            #expect(
                try await fleet.column(
                    "SELECT concat_ws(' ', type, data->>'how') FROM notification_events ORDER BY sequence"
                )
                    == ["pool_depleted", "pool_recovered \(how)"]
            )
        }
    }

    @Test func `workers that take turns see each other's news`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            let memories = [PlanMemory(), PlanMemory()]
            func pass(_ worker: Int) async throws {
                try await fleet.pass(memory: memories[worker])
            }
            try await pass(0)
            try await pass(1)
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            try await pass(1)
            // For the first worker nothing has changed since its own last pass.
            try await fleet.sql("UPDATE workspaces SET deleted = id <> \(prebuild.id)")
            try await pass(0)
            #expect(try await events(fleet) == ["pool_depleted 1 0 0", "pool_recovered refilled 1 1 0"])
            #expect(
                try await fleet.column("SELECT (state->>'eligible')::int FROM prebuild_decisions ORDER BY id") == [
                    1, 0, 1,
                ]
            )
        }
    }

    @Test func `a pass without news writes nothing`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            let memory = PlanMemory()
            func written(by passes: Int) async throws -> Int {
                let before = try await fleet.writtenRows()
                for _ in 0..<passes {
                    try await fleet.pass(memory: memory)
                }
                return try await fleet.writtenRows() - before
            }
            // Workspace, build, its parameter, job and decision; then the decision that it is starting.
            #expect(try await written(by: 1) == 5)
            #expect(try await written(by: 1) == 1)
            #expect(try await written(by: 5) == 0)
        }
    }

    @Test func `a maintenance is announced when it starts and when it ends, by command or by itself`() async throws {
        try await Fleet.open { fleet in
            let until = Fleet.now + .seconds(60)
            for _ in 0..<2 {
                try await fleet.store.pause(.maintenance, until: until, reason: "upgrade", by: "ada")
            }
            try await fleet.pass()
            #expect(try await fleet.eventTypes() == ["maintenance_started"])
            for _ in 0..<2 { try await fleet.pass(at: until) }
            for _ in 0..<2 { try await fleet.store.resume(.maintenance, by: "bob") }
            #expect(try await fleet.eventTypes().count == 2)
            try await fleet.store.pause(.maintenance, by: "ada")
            for _ in 0..<2 { try await fleet.store.resume(.maintenance, by: "bob") }
            #expect(
                try await fleet.column(
                    """
                    SELECT concat_ws(' ', type, data->>'by', data->>'how', data->>'reason')
                    FROM notification_events ORDER BY sequence
                    """
                ) == [
                    "maintenance_started ada upgrade", "maintenance_ended time", "maintenance_started ada ",
                    "maintenance_ended bob command",
                ]
            )
        }
    }
}

extension Fleet {
    /// Rows inserted, changed and deleted so far in all tables, by the only session.
    fileprivate func writtenRows() async throws -> Int {
        try await sql("SELECT pg_stat_force_next_flush()")
        return try await value("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int8 FROM pg_stat_user_tables")
    }
}
