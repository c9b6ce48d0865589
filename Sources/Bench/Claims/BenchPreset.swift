// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store

/// A preset for measured claims, with all that a claim looks up.
struct BenchPreset: Sendable {
    static let claimant = "bench"

    let templateName: String
    let presetName: String
    let target: ClaimTarget

    /// A claim by the measurement's user.
    func request(_ name: String) -> ClaimRequest {
        ClaimRequest(template: templateName, preset: presetName, owner: Self.claimant, name: name)
    }
}

/// Claims to be measured. Only for a database that holds nothing else.
extension Store {
    /// The presets of ``addPresets(_:desired:)``, looked up once.
    func benchPresets() async throws -> [BenchPreset] {
        try await addClaimant()
        var presets: [BenchPreset] = []
        for preset in try await self.presets() {
            let (template, name) = (preset.templateName, preset.name)
            let request = ClaimRequest(template: template, preset: name, owner: BenchPreset.claimant, name: "any")
            guard case .target(let target) = try await resolve(request) else { continue }
            presets.append(BenchPreset(templateName: template, presetName: name, target: target))
        }
        return presets
    }

    /// The user who claims.
    func addClaimant() async throws {
        try await bench("INSERT INTO users (username) VALUES (\(BenchPreset.claimant)) ON CONFLICT DO NOTHING")
    }

    /// The floor: the statement that hands a prebuild over, with all its writes and a durable commit, and nothing else.
    /// Returns whether there was a prebuild.
    func claimBare(_ preset: BenchPreset, name: String) async throws -> Bool {
        let statements = ClaimStatements(
            id: .random(),
            request: preset.request(name),
            target: preset.target,
            isQueued: false
        )
        return try await pool.executeBatch(statements.bindings).last?.isEmpty == false
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
