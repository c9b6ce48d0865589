// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// A preset to claim from in a measurement, with all that a claim looks up.
package struct BenchPreset: Sendable {
    package let templateName: String
    package let presetName: String
    let target: ClaimTarget

    /// A claim by the measurement's user.
    package func request(_ name: String) -> ClaimRequest {
        ClaimRequest(template: templateName, preset: presetName, owner: target.ownerName, name: name)
    }
}

/// What a measurement's claims have come to.
package struct BenchClaims: Hashable, Sendable {
    package var hits: Int
    package var others: Int
    /// Workspaces that were given twice, or given and being deleted. Must be 0.
    package var doubles: Int
}

/// Claims to be measured. Only for a database that holds nothing else.
extension Store {
    /// The presets of ``addBenchPresets(_:desired:)``, looked up once.
    package func benchPresets() async throws -> [BenchPreset] {
        _ = try await pool.execute(
            Statement("bench.user", "INSERT INTO users (username) VALUES ('bench') ON CONFLICT DO NOTHING")
        )
        var presets: [BenchPreset] = []
        for preset in try await self.presets() {
            let request = ClaimRequest(template: preset.templateName, preset: preset.name, owner: "bench", name: "any")
            guard case .target(let target) = try await resolve(request) else { continue }
            presets.append(BenchPreset(templateName: preset.templateName, presetName: preset.name, target: target))
        }
        return presets
    }

    /// The floor: the statement that binds, with all that it writes and its durable commit, and nothing around it. Returns
    /// whether there was a prebuild.
    package func claimBare(_ preset: BenchPreset, name: String) async throws -> Bool {
        let statements = ClaimStatements(
            id: .random(),
            request: preset.request(name),
            target: preset.target,
            isQueued: false
        )
        return try await pool.executeBatch(statements.bindings).last?.isEmpty == false
    }

    /// What all claims have come to, checked against the workspaces and builds that they left.
    package func benchClaims() async throws -> BenchClaims {
        let rows = try await pool.execute(
            Statement(
                "bench.claims",
                within: .seconds(120),
                """
                SELECT count(*) FILTER (WHERE outcome = 'hit'), count(*) FILTER (WHERE outcome <> 'hit'),
                    count(*) FILTER (WHERE outcome = 'hit') - (
                        SELECT count(*) FROM workspaces w
                        WHERE w.claimed_at IS NOT NULL AND NOT w.retiring AND w.owner_id <> \(prebuildsUserID)
                            AND (SELECT count(*) FROM workspace_claims c WHERE c.workspace_id = w.id) = 1
                            AND (SELECT max(b.build_number) FROM workspace_builds b WHERE b.workspace_id = w.id) = 2
                    )
                FROM workspace_claims
                """
            )
        )
        let (hits, others, doubles) = try rows.only().decode(Int.self, Int.self, Int.self)
        return BenchClaims(hits: hits, others: others, doubles: doubles)
    }
}
