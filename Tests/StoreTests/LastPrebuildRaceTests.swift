// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

/// A claim against everything that may take the same last prebuild away at the same moment. 150 rounds; with
/// `STOKER_TEST_RACE_ROUNDS` as many as it says.
@Suite(.database(.migrated), .timeLimit(.minutes(5))) struct LastPrebuildRaceTests {
    enum Rival: CaseIterable, Sendable {
        /// The pool is not wanted any more.
        case deletion
        /// Its time runs out just now.
        case expiry
        /// Another version is promoted.
        case promotion
    }

    private static let rounds =
        ProcessInfo.processInfo.environment["STOKER_TEST_RACE_ROUNDS"].flatMap { Int($0) } ?? 150

    private struct Arena {
        let fleet: Fleet
        let template: Fleet.Template
        let preset: PresetID
        /// A version without a pool, to be promoted over the other.
        let other: TemplateVersionID

        func prepare(_ rival: Rival) async throws -> WorkspaceID {
            try await fleet.sql(
                """
                UPDATE templates SET active_version_id = \(template.version) WHERE id = \(template.id)
                """
            )
            try await fleet.sql(
                """
                UPDATE template_version_presets SET desired_instances = \(rival == .deletion ? 0 : 1),
                    invalidate_after_secs = \(rival == .expiry ? 3600 : 0) WHERE id = \(preset)
                """
            )
            try await fleet.addRunningPrebuilds(1, of: preset)
            // At its end before the race or in the middle of it.
            let left = Double.random(in: -0.01...0.04)
            return try await fleet.value(
                """
                UPDATE workspaces SET created_at = now() - make_interval(secs => \(rival == .expiry ? 3600 - left : 60))
                WHERE owner_id = \(prebuildsUserID) AND NOT retiring AND NOT deleted RETURNING id
                """
            )
        }

        func take(_ rival: Rival) async throws {
            if rival == .promotion { _ = try await fleet.store.promote("\(other)", of: "go-dev") }
            // Passes that try at once: one of them is made.
            do { try await fleet.pass(at: nil) } catch is Fleet.LockHeld {}
        }
    }

    @Test func `a claim and what takes the last prebuild away have one outcome`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let other = try await fleet.addVersion(of: template.id)
            _ = try await fleet.addPreset(of: other, desired: nil)
            let arena = Arena(fleet: fleet, template: template, preset: preset, other: other)
            var hits: [Rival: Int] = [:]
            for round in 0..<Self.rounds {
                let rival = Rival.allCases[round % Rival.allCases.count]
                let prebuild = try await arena.prepare(rival)
                async let claim = fleet.store.claim(
                    ClaimRequest(template: "go-dev", owner: "ada", name: "w-\(round)")
                )
                async let taken: Void = arena.take(rival)
                let (result, _) = try await (claim, taken)
                // Whoever had skipped it because the other held it gets it now.
                try await fleet.pass(at: nil)
                let builds = try await fleet.column(
                    """
                    SELECT b.transition || CASE WHEN w.owner_id = \(prebuildsUserID) THEN ' pool' ELSE ' ada' END
                    FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
                    WHERE w.id = \(prebuild) ORDER BY b.build_number
                    """,
                    as: String.self
                )
                if result.outcome == .hit {
                    hits[rival, default: 0] += 1
                    #expect(result.workspaceID == prebuild)
                    #expect(builds == ["start ada", "start ada"], "\(rival)")
                } else {
                    #expect(result.workspaceID != prebuild)
                    #expect(builds == ["start pool", "delete pool"], "\(rival) left it")
                }
                // The pool is refilled meanwhile; the next round has one prebuild again.
                try await fleet.sql(
                    "UPDATE workspaces SET deleted = true, retiring = true WHERE owner_id = \(prebuildsUserID) AND NOT deleted"
                )
            }
            let torn: Int = try await fleet.value(
                """
                SELECT count(*) FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id
                WHERE w.owner_id <> \(prebuildsUserID) AND (b.transition = 'delete' OR w.retiring)
                """
            )
            #expect(torn == 0)
            // Both sides won some rounds; else there was no race.
            let won = hits.values.reduce(0, +)
            #expect(won > 0 && won < Self.rounds, "\(hits)")
        }
    }
}
