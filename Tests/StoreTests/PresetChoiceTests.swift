// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// Which preset a claim gets that names none.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PresetChoiceTests {
    /// Regions cannot change after a build, sizes can. `eu` is the default preset.
    private struct Room {
        let fleet: Fleet
        let presets: [String: PresetID]

        func ready(_ preset: String) async throws -> WorkspaceID {
            try await fleet.addWorkspace(of: #require(presets[preset])).id
        }

        func claim(_ name: String, _ values: [String: String] = [:]) async throws -> ClaimResult {
            try await fleet.store.claim(
                ClaimRequest(template: "go-dev", owner: "ada", name: name, parameters: values)
            )
        }

        static func open(sessions: Int = 4, _ body: (Self) async throws -> Void) async throws {
            try await Fleet.open(sessions: sessions) { fleet in
                try await fleet.addUser("ada")
                let template = try await fleet.addTemplate()
                let version = try await fleet.addVersion(of: template.id, parameters: ["region", "size"])
                try await fleet.sql(
                    """
                    UPDATE template_version_parameters SET required = false, default_value = 'small', mutable = true
                    WHERE name = 'size'
                    """
                )
                var presets: [String: PresetID] = [:]
                for (name, values) in [
                    "eu": ["region": "eu"], "us": ["region": "us"], "us-large": ["region": "us", "size": "large"],
                    "eu-large": ["region": "eu", "size": "large"],
                ] {
                    presets[name] = try await fleet.addPreset(name, of: version, desired: 1, parameters: values)
                }
                try await fleet.sql("UPDATE template_version_presets SET is_default = true WHERE name = 'eu'")
                try await body(Room(fleet: fleet, presets: presets))
            }
        }
    }

    @Test func `a ready prebuild of another preset is a hit when the claim's value is that preset's`() async throws {
        try await Room.open { room in
            _ = try await room.ready("eu")
            let us = try await room.ready("us")
            let result = try await room.claim("mine", ["region": "us"])
            #expect(result.outcome == .hit)
            #expect(result.workspaceID == us)
            #expect(result.presetName == "us")
            #expect(
                try await room.fleet.column("SELECT preset_id FROM workspace_claims") == [
                    try #require(room.presets["us"])
                ]
            )
        }
    }

    @Test(arguments: [
        // What is ready, what is asked for, what is taken.
        (["eu", "us", "us-large"], ["region": "us"], "us"),
        (["us-large", "us", "eu-large"], ["region": "us", "size": "large"], "us-large"),
        (["us", "us-large"], ["size": "large"], "us-large"),
        (["us"], ["region": "us", "size": "large"], "us"),
        (["eu-large", "us"], ["region": "eu"], "eu-large"),
        (["eu", "us"], [:], "eu"),
        (["us-large"], [:], "eu"),
        // Nothing that fits is ready: what names most of it, then the default one, is built.
        ([], [:], "eu"),
        (["us"], ["region": "eu", "size": "large"], "eu-large"),
        (["eu", "eu-large"], ["region": "us"], "us"),
        ([], ["size": "large"], "eu-large"),
    ])
    func `eligible first, then most values named, then the default`(
        ready: [String],
        values: [String: String],
        taken: String
    ) async throws {
        try await Room.open { room in
            for preset in ready { _ = try await room.ready(preset) }
            let result = try await room.claim("mine", values)
            #expect(result.presetName == taken)
            let fits = ready.contains(taken)
            #expect(result.outcome == (fits ? .hit : .missEmpty))
        }
    }

    @Test func `what contradicts all of them is built from the default one, and values are checked as ever`()
        async throws
    {
        try await Room.open { room in
            _ = try await room.ready("eu")
            let result = try await room.claim("mine", ["region": "asia"])
            #expect(result.outcome == .missUnmatched)
            #expect(result.presetName == "eu")
            #expect(result.reason == "parameter 'region' cannot change after the build")
            let unknown = await #expect(throws: StoreError.self) { _ = try await room.claim("other", ["zone": "a"]) }
            #expect(unknown?.code == .invalid)
        }
    }

    @Test func `a claim that waits gets the first that becomes ready of those that fit, in the order of arrival`()
        async throws
    {
        try await Room.open(sessions: 8) { room in
            let store = room.fleet.store
            func wait(_ name: String, _ values: [String: String], _ preset: String? = nil) -> Task<
                ClaimResult, any Error
            > {
                let request = ClaimRequest(
                    template: "go-dev",
                    preset: preset,
                    owner: "ada",
                    name: name,
                    parameters: values
                )
                return Task {
                    try await store.claim(request, waitingAtMost: .seconds(50)) { _ in
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
            }
            let named = wait("named", [:], "us-large")
            try await room.fleet.until("(SELECT count(*) FROM workspace_claim_waiters) = 1")
            let any = wait("any", ["region": "us"])
            try await room.fleet.until("(SELECT count(*) FROM workspace_claim_waiters) = 2")
            let first = try await room.ready("us-large")
            #expect(try await named.value.workspaceID == first)
            let second = try await room.ready("us-large")
            #expect(try await any.value.workspaceID == second)
            #expect(try await any.value.reason == "it waited for a refill")
            #expect(try await room.fleet.count(of: "workspace_claim_waiters") == 0)
        }
    }
}
