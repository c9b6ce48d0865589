// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Templates
import TestSupport
import Testing

@testable import Store

/// Which version of a template is the active one, and how a template ends.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct TemplateVersionTests {
    private static func manifest(_ description: String) -> TemplateManifest {
        TemplateManifest(
            name: "go-dev",
            description: description,
            provisioner: .process,
            presets: [TemplatePreset(name: "us", isDefault: true)]
        )
    }

    /// Imports that a test ends in the order it likes.
    private struct Pushes {
        let fleet: Fleet
        let worker: WorkerID

        func begin(_ version: String, activates: Bool = true) async throws -> ClaimedJob {
            let push = TemplatePush(
                templateName: "go-dev",
                provisioner: .process,
                versionName: version,
                archive: [1],
                hash: "aa",
                activates: activates
            )
            _ = try await fleet.store.pushTemplate(push)
            return try await fleet.claimOne(for: worker)
        }

        func end(_ job: ClaimedJob) async throws {
            let context = try await fleet.store.importContext(of: job.held)
            let manifest = TemplateVersionTests.manifest(context.versionName)
            try await fleet.store.completeImport(job.held, manifest, context)
        }

        /// The active version, and whose description the template has.
        func active() async throws -> [String] {
            let version = try await fleet.store.templates().map(\.activeVersion)
            return version + (try await fleet.column("SELECT description FROM templates WHERE NOT deleted"))
        }

        static func open(_ body: (Pushes) async throws -> Void) async throws {
            try await Fleet.open { fleet in
                try await body(Pushes(fleet: fleet, worker: try await fleet.addWorker()))
            }
        }
    }

    @Test func `of two pushes the later one wins, whichever import ends last`() async throws {
        try await Pushes.open { pushes in
            let older = try await pushes.begin("v1")
            let newer = try await pushes.begin("v2")
            try await pushes.end(newer)
            #expect(try await pushes.active() == ["v2", "v2"])
            try await pushes.end(older)
            #expect(try await pushes.active() == ["v2", "v2"])
            try await pushes.end(try await pushes.begin("v3"))
            #expect(try await pushes.active() == ["v3", "v3"])
        }
    }

    @Test func `a version that is not to be activated is not, even as the first`() async throws {
        try await Pushes.open { pushes in
            try await pushes.end(try await pushes.begin("v1", activates: false))
            #expect(try await pushes.active() == ["", "v1"])
            try await pushes.end(try await pushes.begin("v2"))
            try await pushes.end(try await pushes.begin("v3", activates: false))
            #expect(try await pushes.active() == ["v2", "v2"])
        }
    }

    @Test func `a promotion stands against imports that were asked for before it`() async throws {
        try await Pushes.open { pushes in
            let store = pushes.fleet.store
            try await pushes.end(try await pushes.begin("v1"))
            let late = try await pushes.begin("v2")
            try await pushes.end(try await pushes.begin("v3"))
            let told = try await pushes.fleet.listen(to: Channel.reconcile)
            #expect(try await store.promote("v1", of: "Go-Dev").isActive)
            #expect(try await told.next("the reconciler to be woken") == "")
            try await pushes.end(late)
            #expect(try await store.templates().map(\.activeVersion) == ["v1"])
            // One that a program of the release before has activated counts by its push.
            try await pushes.fleet.sql(
                """
                UPDATE templates SET activated_at = NULL,
                    active_version_id = (SELECT id FROM template_versions WHERE name = 'v3')
                """
            )
            let late2 = try await pushes.begin("v4")
            try await pushes.end(late2)
            #expect(try await store.templates().map(\.activeVersion) == ["v4"])
        }
    }

    @Test func `versions are listed newest first, with their imports and workspaces`() async throws {
        try await Pushes.open { pushes in
            let fleet = pushes.fleet
            try await pushes.end(try await pushes.begin("v1"))
            let preset: PresetID = try await fleet.value("SELECT id FROM template_version_presets")
            try await fleet.addWorkspace(of: preset)
            let failing = try await pushes.begin("v2")
            try await fleet.store.endImport(failing.held, .failed(.invalid, message: "no module"))
            _ = try await pushes.begin("v3")
            let versions = try await fleet.store.templateVersions(of: "go-dev")
            #expect(
                versions.map { "\($0.name) \($0.status) \($0.error) \($0.isActive) \($0.presets) \($0.workspaces)" }
                    == [
                        "v3 running  false 0 0", "v2 failed no module false 0 0", "v1 succeeded  true 1 1",
                    ]
            )
            for version in ["v2", "v3"] {
                let error = await #expect(throws: StoreError.self) {
                    _ = try await fleet.store.promote(version, of: "go-dev")
                }
                #expect(error?.code == .conflict)
            }
            let unknown = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.promote("v9", of: "go-dev")
            }
            #expect(unknown?.code == .notFound)
            #expect(try await fleet.store.promote("\(versions[2].id)", of: "go-dev").name == "v1")
            let nothing = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.templateVersions(of: "other")
            }
            #expect(nothing == StoreError.noTemplate("other"))
        }
    }

    @Test func `a deprecated template is not claimed until that is taken back`() async throws {
        try await ClaimRoom.open { room in
            let store = room.fleet.store
            try await room.fleet.addWorkspace(of: room.preset)
            try await store.deprecateTemplate("go-dev", message: "use another")
            let error = await #expect(throws: StoreError.self) { _ = try await room.claim() }
            #expect(error == StoreError(.conflict, "Template 'go-dev' is deprecated: use another"))
            try await store.deprecateTemplate("go-dev", message: "")
            #expect(try await room.claim().outcome == .hit)
            await #expect(throws: StoreError.noTemplate("other")) {
                try await store.deprecateTemplate("other", message: "x")
            }
        }
    }

    @Test func `a template is deleted when nobody has a workspace of it, and its imports do not bring it back`()
        async throws
    {
        try await Pushes.open { pushes in
            let fleet = pushes.fleet
            let store = fleet.store
            let ada = try await fleet.addUser("ada")
            try await pushes.end(try await pushes.begin("v1"))
            let preset: PresetID = try await fleet.value("SELECT id FROM template_version_presets")
            try await fleet.addWorkspace(of: preset)
            let hers = try await fleet.addWorkspace(of: preset, owner: ada, name: "hers")
            let error = await #expect(throws: StoreError.self) { try await store.deleteTemplate("go-dev") }
            #expect(error?.message == "1 workspace of 'go-dev' would lose their template")
            try await fleet.sql("UPDATE workspaces SET deleted = true WHERE id = \(hers.id)")

            let running = try await pushes.begin("v2")
            _ = try await store.pushTemplate(
                TemplatePush(
                    templateName: "go-dev",
                    provisioner: .process,
                    versionName: "v3",
                    archive: [1],
                    hash: "aa"
                )
            )
            try await store.deleteTemplate("go-dev")
            #expect(try await store.templates() == [])
            #expect(try await fleet.status(of: running.id) == .canceling)
            #expect(
                try await fleet.column(
                    "SELECT job_status::text FROM provisioner_jobs WHERE attempt = 0 AND type = 'template_version_import'"
                )
                    == ["canceled"]
            )
            await #expect(throws: StoreError.noTemplate("go-dev")) { try await store.deleteTemplate("go-dev") }
            // Its pool is emptied.
            try await fleet.pass(at: nil)
            #expect(try await fleet.workspaces().map(\.builds.last) == ["delete pending"])
        }
    }
}
