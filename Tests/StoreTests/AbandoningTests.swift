// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing

/// Workspaces whose provisioner cannot run any more are removed without it.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct AbandoningTests {
    private func abandon(_ workspace: Fleet.Workspace, in fleet: Fleet) async throws -> AbandonedWorkspace {
        try await fleet.store.abandoning("\(workspace.id)", by: "tess") { abandonment in
            let abandoned = abandonment.workspace
            try await abandonment.remove(noting: "left behind: \(abandoned.resources.joined(separator: ", "))")
            return abandoned
        }
    }

    @Test func `a workspace is removed at once, and its history says who did it and what is left`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let stuck = try await fleet.addWorkspace(of: preset, .init(), .init(transition: .delete, status: .failed))
            try await fleet.addAgent(to: stuck)
            try await fleet.sql("UPDATE workspace_builds SET provisioner_state = 'state' WHERE id = \(stuck.builds[1])")
            let abandoned = try await abandon(stuck, in: fleet)
            #expect(abandoned.resources == ["container.main"])
            #expect(abandoned.states == [Array("state".utf8)])
            #expect(try await fleet.workspaces() == [])
            let job = try #require(abandoned.jobID)
            #expect(try await fleet.status(of: job) == .succeeded)
            #expect(
                try await fleet.value("SELECT source || ' ' || level || ' ' || output FROM provisioner_job_logs")
                    == "worker warn left behind: container.main"
            )
            #expect(
                try await fleet.value("SELECT input->>'abandoned_by' FROM provisioner_jobs WHERE id = \(job)") == "tess"
            )
            #expect(
                try await fleet.value(
                    "SELECT transition || ' ' || build_number FROM workspace_builds WHERE job_id = \(job)"
                )
                    == "delete 3"
            )
            #expect(try await fleet.value("SELECT bool_and(deleted) FROM workspace_agents") == true)
            #expect(try await fleet.pass().plan.presets.map(\.state) == [PoolState()])
        }
    }

    @Test func `a deletion that no worker takes is canceled with it, one that runs is not`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let waiting = try await fleet.addWorkspace(
                of: preset,
                .init(),
                .init(transition: .delete, status: .pending)
            )
            let running = try await fleet.addWorkspace(
                of: preset,
                .init(),
                .init(transition: .delete, status: .running)
            )
            _ = try await abandon(waiting, in: fleet)
            #expect(try await fleet.status(of: waiting.jobs[1]) == .canceled)
            #expect(
                try await fleet.value("SELECT error_code FROM provisioner_jobs WHERE id = \(waiting.jobs[1])")
                    == "ABANDONED"
            )
            let error = await #expect(throws: StoreError.self) { try await abandon(running, in: fleet) }
            #expect(error?.code == .conflict)
            #expect(error?.remedy.contains("stoker jobs cancel \(running.jobs[1])") == true)
            #expect(try await fleet.workspaces().map(\.id) == [running.id])
        }
    }

    @Test(arguments: [
        "DELETE FROM workspace_builds", "DELETE FROM templates", "DELETE FROM template_versions",
        "DELETE FROM provisioner_jobs", "DELETE FROM template_version_presets",
    ])
    func `what a workspace was made from may be gone`(loss: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let orphan = try await fleet.addWorkspace(of: preset)
            try await fleet.sql(.init(trusted: loss))
            _ = try await abandon(orphan, in: fleet)
            #expect(try await fleet.workspaces() == [])
        }
    }
}
