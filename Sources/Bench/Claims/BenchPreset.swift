// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store

/// A preset for measured claims.
struct BenchPreset: Sendable {
    static let claimant = "bench"

    let templateName: String
    let presetName: String

    /// A claim by the measurement's user.
    func request(_ name: String) -> ClaimRequest {
        ClaimRequest(template: templateName, preset: presetName, owner: Self.claimant, name: name)
    }
}

/// Claims to be measured. Only for a database that holds nothing else.
extension Store {
    /// The presets of ``addPresets(_:desired:)``, and a user who claims.
    func benchPresets() async throws -> [BenchPreset] {
        try await addClaimant()
        return try await presets().map { BenchPreset(templateName: $0.templateName, presetName: $0.name) }
    }

    /// The user who claims.
    func addClaimant() async throws {
        try await bench("INSERT INTO users (username) VALUES (\(BenchPreset.claimant)) ON CONFLICT DO NOTHING")
    }

    /// The result of all claims, compared with their workspaces and builds: how many were no hit, and how many
    /// workspaces were given twice, or were being deleted.
    func claimFaults() async throws -> (misses: Int, doubles: Int) {
        try await bench(
            """
            SELECT count(*) FILTER (WHERE outcome <> 'hit'),
                count(*) FILTER (WHERE outcome = 'hit') - (
                    SELECT count(*) FROM workspaces w
                    WHERE w.claimed_at IS NOT NULL AND NOT w.retiring AND w.owner_id <> \(prebuildsUserID)
                        AND (SELECT count(*) FROM workspace_claims c WHERE c.workspace_id = w.id) = 1
                        AND (SELECT max(b.build_number) FROM workspace_builds b WHERE b.workspace_id = w.id) = 2
                )
            FROM workspace_claims
            """
        ).only().decode(Int.self, Int.self)
    }
}
