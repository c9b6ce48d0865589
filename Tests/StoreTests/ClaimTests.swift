// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// What a person gets who asks for a workspace.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimTests {
    @Test func `the oldest ready prebuild changes hands at once`() async throws {
        try await ClaimRoom.open { room in
            let younger = try await room.fleet.addWorkspace(of: room.preset, createdAt: Fleet.now - .seconds(60))
            let older = try await room.fleet.addWorkspace(of: room.preset, createdAt: Fleet.now - .seconds(90))
            let first = try await room.claim()
            #expect(
                first
                    == ClaimResult(
                        claimID: first.claimID,
                        outcome: .hit,
                        reason: "",
                        workspaceID: older.id,
                        workspaceName: "mine",
                        templateName: "go-dev",
                        presetName: "preset",
                        ownerName: "ada",
                        buildID: first.buildID,
                        buildNumber: 2,
                        jobID: first.jobID,
                        isRepeat: false
                    )
            )
            #expect(try await room.claim("second").workspaceID == younger.id)
            let row = try #require(
                try await room.fleet.sql(
                    """
                    SELECT w.name, w.owner_id, w.claimed_at IS NOT NULL, b.reason::text, b.transition::text, j.priority,
                        ARRAY(SELECT name || '=' || value FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id)
                    FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id AND b.id = \(first.buildID)
                    JOIN provisioner_jobs j ON j.id = b.job_id AND j.id = \(first.jobID)
                    """
                ).only
            )
            let (name, owner, isClaimed, reason, transition, priority, parameters) = try row.decode(
                String.self,
                UserID.self,
                Bool.self,
                String.self,
                String.self,
                Int16.self,
                [String].self
            )
            #expect(name == "mine")
            #expect(owner == room.ada)
            #expect(isClaimed)
            #expect(reason == "claim")
            #expect(transition == "start")
            #expect(priority == JobClass.interactive.priority)
            #expect(parameters == ["test=value"])
            #expect(try await room.fleet.column("SELECT outcome FROM workspace_claims") == ["hit", "hit"])
        }
    }

    enum Obstacle: CaseIterable {
        case expired, invalidated, inactiveVersion, retiring, notReady, pending, failed, otherPreset, deleted
    }

    @Test(arguments: Obstacle.allCases)
    func `a prebuild that is not fit is never given`(obstacle: Obstacle) async throws {
        try await ClaimRoom.open { room in
            let fleet = room.fleet
            let other = try await fleet.addPreset("other", of: room.template.version, desired: 1)
            try await fleet.sql("UPDATE template_version_presets SET is_default = true WHERE id = \(room.preset)")
            let prebuild = try await fleet.addWorkspace(
                of: obstacle == .otherPreset ? other : room.preset,
                .init(status: obstacle == .pending ? .pending : obstacle == .failed ? .failed : .succeeded)
            )
            switch obstacle {
            case .expired: try await fleet.sql("UPDATE template_version_presets SET invalidate_after_secs = 60")
            case .invalidated: try await fleet.sql("UPDATE template_version_presets SET last_invalidated_at = now()")
            case .inactiveVersion:
                let version = try await fleet.addVersion(of: room.template.id)
                _ = try await fleet.addPreset(of: version, desired: 1)
            case .retiring: try await fleet.sql("UPDATE workspaces SET retiring = true")
            case .notReady: try await fleet.addAgent(to: prebuild, state: "starting")
            case .deleted: try await fleet.sql("UPDATE workspaces SET deleted = true")
            case .pending, .failed, .otherPreset: break
            }
            let claim = try await room.claim()
            #expect(claim.outcome == .missEmpty)
            #expect(claim.workspaceID != prebuild.id)
            #expect(claim.buildNumber == 1)
            #expect(try await fleet.count(of: "workspaces") == 2)
        }
    }

    @Test func `without a prebuild the workspace is built from the start, at once`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql(
                """
                INSERT INTO template_version_parameters (template_version_id, name, required, default_value, mutable)
                VALUES (\(room.template.version), 'size', false, 'small', true)
                """
            )
            let claim = try await room.claim()
            #expect(claim.outcome == .missEmpty)
            let fresh = try await room.claim("other", ["size": "large"])
            #expect(
                try await room.fleet.column(
                    "SELECT name || '=' || value FROM workspace_build_parameters WHERE workspace_build_id = \(fresh.buildID) ORDER BY name"
                ) == ["size=large", "test=value"]
            )
            let job = try await room.fleet.claimOne(for: room.fleet.addWorker())
            #expect(job.id == claim.jobID)
            let context = try await room.fleet.store.buildContext(of: job.held)
            #expect(context.build.owner.username == "ada")
            #expect(context.build.stage != .claim)
            #expect(context.build.parameters.map(\.value) == ["small", "value"])
        }
    }

    @Test func `why the pool had none is said`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql("UPDATE template_version_presets SET desired_instances = NULL")
            let noPool = try await room.claim("a")
            #expect(noPool.outcome == .missUnmatched)
            #expect(noPool.reason == "preset 'preset' has no pool")
            try await room.fleet.sql("UPDATE template_version_presets SET desired_instances = 1")
            try await room.fleet.sql("UPDATE templates SET prebuilds_paused_until = 'infinity'")
            let paused = try await room.claim("b")
            #expect(paused.outcome == .missPaused)
            #expect(paused.reason == "the pools are paused, and none is ready")
            try await room.fleet.sql("UPDATE templates SET prebuilds_paused_until = NULL")
            try await room.fleet.sql(
                #"INSERT INTO settings (key, value) VALUES ('prebuilds', '{"reconciliation_paused": true}')"#
            )
            #expect(try await room.claim("c").outcome == .missPaused)
            try await room.fleet.sql("DELETE FROM settings")
            #expect(try await room.claim("d").reason == "none is ready")
            // What the reconciler said last.
            try await room.fleet.sql("UPDATE organizations SET prebuild_quota = 0")
            try await room.fleet.pass(at: nil)
            let capped = try await room.claim("e")
            #expect(capped.outcome == .missCapped)
            #expect(capped.reason.contains("quota"))
            #expect(
                try await room.fleet.column(
                    "SELECT outcome || ' ' || outcome_reason FROM workspace_claims ORDER BY created_at"
                )
                    == [
                        "miss_unmatched \(noPool.reason)", "miss_paused \(paused.reason)",
                        "miss_paused \(paused.reason)", "miss_empty none is ready", "miss_capped \(capped.reason)",
                    ]
            )
        }
    }

    @Test func `a value that cannot change after the build is not forced on a prebuild`() async throws {
        try await ClaimRoom.open { room in
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            let other = try await room.claim("other", ["test": "another"])
            #expect(other.outcome == .missUnmatched)
            #expect(other.reason == "parameter 'test' cannot change after the build")
            #expect(other.workspaceID != prebuild.id)
            let same = try await room.claim("same", ["test": "value"])
            #expect(same.workspaceID == prebuild.id)
        }
    }

    @Test func `a mutable value is changed by the claim`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql("UPDATE template_version_parameters SET mutable = true")
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            let claim = try await room.claim("mine", ["test": "another"])
            #expect(claim.workspaceID == prebuild.id)
            #expect(
                try await room.fleet.column(
                    "SELECT value FROM workspace_build_parameters WHERE workspace_build_id = \(claim.buildID)"
                ) == ["another"]
            )
        }
    }

    @Test(arguments: [
        ("list(string)", #"["a", "b"]"#, [#"["a","b"]"#, #" ["a" , "b",] "#], #"["a","b"]"#, #"["b","a"]"#),
        ("number", "4.0", ["4", "4.00", "0.4e1"], "4", "4.01"),
        ("bool", "1", ["true", "1"], "true", "false"),
        ("map(number)", "{a = 1, b = 2.0}", [#"{"b":2,"a":"1"}"#], #"{"a":1,"b":2}"#, #"{"a":1}"#),
    ])
    func `equal values are equal in whatever notation they are written`(
        type: String,
        stored: String,
        given: [String],
        canonical: String,
        other: String
    ) async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql("UPDATE template_version_parameters SET type = \(type)")
            try await room.fleet.sql("UPDATE template_version_preset_parameters SET value = \(stored)")
            for (index, value) in given.enumerated() {
                let prebuild = try await room.fleet.addWorkspace(of: room.preset)
                let claim = try await room.claim("mine-\(index)", key: "k\(index)", ["test": value])
                #expect(claim.outcome == .hit)
                #expect(claim.workspaceID == prebuild.id)
                #expect(
                    try await room.fleet.column(
                        "SELECT value FROM workspace_build_parameters WHERE workspace_build_id = \(claim.buildID)"
                    ) == [canonical]
                )
                // The same request, said in another way.
                for again in given + [canonical, stored] {
                    let repeated = try await room.claim("mine-\(index)", key: "k\(index)", ["test": again])
                    #expect(repeated.isRepeat)
                    #expect(repeated.workspaceID == claim.workspaceID)
                }
                let conflict = await #expect(throws: StoreError.self) {
                    _ = try await room.claim("mine-\(index)", key: "k\(index)", ["test": other])
                }
                #expect(conflict?.code == .conflict)
            }
            #expect(try await room.claim("other", ["test": other]).outcome == .missUnmatched)
        }
    }

    @Test func `a value that breaks its parameter's rules is refused before anything is built`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.sql(
                #"""
                UPDATE template_version_parameters SET mutable = true, type = 'number', validation = '{"min": 1, "max": 9}'
                """#
            )
            let error = await #expect(throws: StoreError.self) { _ = try await room.claim("mine", ["test": "10"]) }
            #expect(
                error
                    == StoreError(
                        .invalid,
                        "The parameter 'test': '10' is above 9",
                        remedy: "Give another value."
                    )
            )
            #expect(try await room.fleet.count(of: "workspaces") == 0)
            try await room.fleet.sql("UPDATE template_version_parameters SET sensitive = true")
            let hidden = await #expect(throws: StoreError.self) { _ = try await room.claim("mine", ["test": "10"]) }
            #expect(hidden?.message == "The parameter 'test': the value is above 9")
        }
    }

    @Test func `a paused fleet serves claims from stock`() async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addWorkspace(of: room.preset)
            try await room.fleet.sql(
                #"INSERT INTO settings (key, value) VALUES ('prebuilds', '{"reconciliation_paused": true}')"#
            )
            #expect(try await room.claim().outcome == .hit)
        }
    }

    @Test(arguments: [
        (ClaimRequest(template: "go-dev", owner: "ada", name: "Taken"), StoreError.Code.nameTaken),
        (ClaimRequest(template: "other", owner: "ada", name: "mine"), .notFound),
        (ClaimRequest(template: "go-dev", preset: "other", owner: "ada", name: "mine"), .notFound),
        (ClaimRequest(template: "go-dev", owner: "bob", name: "mine"), .notFound),
        (ClaimRequest(template: "go-dev", owner: "prebuilds", name: "mine"), .notFound),
        (ClaimRequest(template: "go-dev", owner: "ada", name: "not a name"), .invalid),
        (ClaimRequest(template: "go-dev", owner: "ada", name: ""), .invalid),
        (ClaimRequest(template: "go-dev", owner: "ada", name: "mine", parameters: ["tset": "x"]), .invalid),
    ])
    func `a claim that cannot be served spends nothing`(request: ClaimRequest, code: StoreError.Code) async throws {
        try await ClaimRoom.open { room in
            try await room.fleet.addWorkspace(of: room.preset, owner: room.ada, name: "taken")
            let prebuild = try await room.fleet.addWorkspace(of: room.preset)
            let before = try await room.fleet.workspaces()
            let error = await #expect(throws: StoreError.self) { _ = try await room.fleet.store.claim(request) }
            #expect(error?.code == code)
            #expect(try await room.fleet.workspaces() == before)
            #expect(
                try await room.fleet.column(
                    "SELECT outcome || ' ' || split_part(outcome_reason, ':', 1) FROM workspace_claims"
                )
                    == ["error \(code.rawValue)"]
            )
            #expect(try await room.claim().workspaceID == prebuild.id)
        }
    }

    @Test func `a template without an active version, a deprecated one and a choice of presets are told of`()
        async throws
    {
        try await ClaimRoom.open { room in
            _ = try await room.fleet.addPreset("other", of: room.template.version, desired: 1)
            let choice = await #expect(throws: StoreError.self) { _ = try await room.claim() }
            #expect(
                choice
                    == StoreError(.invalid, "Template 'go-dev' has no default preset", remedy: "It has: other, preset.")
            )
            try await room.fleet.sql("UPDATE templates SET deprecated = 'use another'")
            let deprecated = await #expect(throws: StoreError.self) { _ = try await room.claim() }
            #expect(deprecated == StoreError(.conflict, "Template 'go-dev' is deprecated: use another"))
            try await room.fleet.sql("UPDATE templates SET active_version_id = NULL")
            #expect(await #expect(throws: StoreError.self) { _ = try await room.claim() }?.code == .conflict)
        }
    }
}
