// SPDX-License-Identifier: Apache-2.0

import Crypto
import PostgresClient
import Prebuilds

extension Store {
    /// Gives a person a ready prebuild at once, else a fresh build at interactive priority.
    ///
    /// Ownership, the build that hands it over, the record of the claim and the wake-up of the reconciler are one
    /// transaction. Prebuilds that another claim or a delete holds are skipped, not waited for.
    ///
    /// Throws ``StoreError`` of code `.notFound`, `.nameTaken`, `.invalid` or `.conflict`; then nothing was spent.
    package func claim(_ request: ClaimRequest) async throws -> ClaimResult {
        try Name.requireLabel(request.name, of: "workspace", most: 64)
        return try await StoreError.naming("workspace of \(request.owner)", request.name) {
            try await pool.withTransaction("claims.claim") { transaction in
                let target = try await resolve(request, on: transaction)
                if let earlier = try await earlierClaim(request, target, on: transaction) { return earlier }
                if target.fitsPool {
                    let bound = try await transaction.execute(bind(request, target))
                    if let row = bound.first { return try result(row, .hit, request, target) }
                }
                let fresh = try await transaction.execute(build(request, target))
                return try result(fresh.only(), target.missOutcome, request, target)
            }
        }
    }

    private func result(
        _ row: Row,
        _ outcome: ClaimOutcome,
        _ request: ClaimRequest,
        _ target: ClaimTarget
    ) throws -> ClaimResult {
        let (claim, workspace, build, number, job) = try row.decode(
            ClaimID.self,
            WorkspaceID.self,
            BuildID.self,
            Int.self,
            JobID.self
        )
        return ClaimResult(
            claimID: claim,
            outcome: outcome,
            workspaceID: workspace,
            workspaceName: request.name,
            templateName: target.templateName,
            presetName: target.presetName,
            ownerName: target.ownerName,
            buildID: build,
            buildNumber: number,
            jobID: job,
            isRepeat: false
        )
    }
}

// MARK: - Idempotency

extension Store {
    /// The result that the same key gave before. Throws `.conflict` when the key was used for another request.
    private func earlierClaim(
        _ request: ClaimRequest,
        _ target: ClaimTarget,
        on transaction: PostgresTransaction
    ) async throws -> ClaimResult? {
        guard let key = request.idempotencyKey else { return nil }
        // Two claims with the same new key, at the same moment, go one after the other.
        let rows = try await transaction.executeBatch([
            Statement(
                "claims.lock_key",
                "SELECT pg_advisory_xact_lock(hashtextextended(\(key), \(Int64(bitPattern: target.ownerID.low))))"
            ),
            Statement(
                "claims.earlier",
                """
                SELECT c.id, c.outcome, c.request_hash, w.id, w.name, b.id, b.build_number, b.job_id
                FROM workspace_claims c
                JOIN workspaces w ON w.id = c.workspace_id
                JOIN LATERAL (
                    SELECT * FROM workspace_builds x
                    WHERE x.workspace_id = w.id AND x.transition = 'start' AND x.created_at >= c.created_at
                    ORDER BY x.build_number LIMIT 1
                ) b ON true
                WHERE c.claimant_id = \(target.ownerID) AND c.idempotency_key = \(key)
                """
            ),
        ])
        guard let row = rows.last?.first else { return nil }
        let (claim, outcome, hash, workspace, name, build, number, job) = try row.decode(
            ClaimID.self,
            String.self,
            [UInt8]?.self,
            WorkspaceID.self,
            String.self,
            BuildID.self,
            Int.self,
            JobID.self
        )
        guard hash == request.digest else {
            throw StoreError(
                .conflict,
                "The idempotency key '\(key)' was used for another request",
                remedy: "Use a new key for a new request."
            )
        }
        return ClaimResult(
            claimID: claim,
            outcome: ClaimOutcome(rawValue: outcome) ?? .error,
            workspaceID: workspace,
            workspaceName: name,
            templateName: target.templateName,
            presetName: target.presetName,
            ownerName: target.ownerName,
            buildID: build,
            buildNumber: number,
            jobID: job,
            isRepeat: true
        )
    }
}

extension ClaimRequest {
    /// SHA-256 over all that makes one request differ from another; the key itself is not part of it.
    var digest: [UInt8] {
        var hash = SHA256()
        let values = parameters.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        for field in [template, preset ?? "", owner, name] + values {
            let bytes = Array(field.utf8)
            hash.update(data: lengthPrefix(bytes.count))
            hash.update(data: bytes)
        }
        return Array(hash.finalize())
    }

    /// A length before each field, so that no two requests run together.
    private func lengthPrefix(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    }
}
