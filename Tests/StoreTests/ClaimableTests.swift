// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

/// What a prebuild's own row says about it, whoever changes what it depends on.
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct ClaimableTests {
    /// Performs the body with a ready prebuild of a version that declares an agent.
    private func prebuild(_ body: (Fleet, PresetID) async throws -> Void) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.addWorkspace(of: preset)
            try await fleet.sql(
                "INSERT INTO template_version_agents (template_version_id, name) VALUES (\(template.version), 'main')"
            )
            try await fleet.sql(
                """
                WITH built AS (
                    INSERT INTO workspace_resources (job_id, transition, type, name)
                    SELECT job_id, 'start', 'container', 'main' FROM workspace_builds RETURNING id
                )
                INSERT INTO workspace_agents (resource_id, name, lifecycle_state, ready_at)
                SELECT id, 'main', 'ready', now() FROM built
                """
            )
            try await body(fleet, preset)
        }
    }

    private func mark(_ fleet: Fleet) async throws -> PresetID? {
        try await fleet.value("SELECT claimable_preset_id FROM workspaces")
    }

    @Test(arguments: [
        "DELETE FROM provisioner_jobs", "DELETE FROM workspace_builds", "DELETE FROM workspace_resources",
        "DELETE FROM workspace_agents", "UPDATE workspace_agents SET lifecycle_state = 'starting'",
        "UPDATE workspace_builds SET template_version_preset_id = NULL",
        "UPDATE workspace_builds SET transition = 'stop'",
        "INSERT INTO template_version_agents (template_version_id, name) SELECT id, 'second' FROM template_versions",
    ])
    func `what is lost takes the mark away, and the pass sees it`(loss: String) async throws {
        try await prebuild { fleet, preset in
            #expect(try await mark(fleet) == preset)
            try await fleet.sql(.init(trusted: loss))
            #expect(try await mark(fleet) == nil)
            let snapshot = try await fleet.store.snapshot(limits: PlanLimits()).snapshot
            #expect(snapshot.presets.flatMap(\.running).filter(\.isEligible).isEmpty)
        }
    }

    @Test(arguments: [
        "UPDATE workspace_agents SET lifecycle_state = 'ready'",
        "DELETE FROM workspace_agents WHERE lifecycle_state <> 'ready'",
    ])
    func `what held it back and is gone brings the mark`(change: String) async throws {
        try await prebuild { fleet, preset in
            try await fleet.sql(
                """
                INSERT INTO workspace_agents (resource_id, name, lifecycle_state) SELECT id, 'late', 'starting'
                FROM workspace_resources
                """
            )
            #expect(try await mark(fleet) == nil)
            try await fleet.sql(.init(trusted: change))
            #expect(try await mark(fleet) == preset)
            let snapshot = try await fleet.store.snapshot(limits: PlanLimits()).snapshot
            #expect(snapshot.presets.flatMap(\.running).filter(\.isEligible).count == 1)
        }
    }
}
