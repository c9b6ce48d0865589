// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// How many of several claims of one request must be served.
package enum ClaimSetRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// All of them, or none is.
    case all
    /// As many as there are ready prebuilds.
    case available
}

extension Store {
    /// The most claims of one request.
    package static let mostClaimsTogether = 100

    /// Hands ready prebuilds over to several claims of one request, which differ in their names only, in one transaction.
    ///
    /// Nothing is built: under ``ClaimSetRule/all`` a request for more than there are is refused, and nothing is spent.
    ///
    /// Throws ``StoreError`` of code `.notFound`, `.nameTaken`, `.invalid` or `.conflict`.
    ///
    /// - Returns: The claims that were served, in the order of their names in the request.
    package func claim(_ request: ClaimRequest, names: [String], _ rule: ClaimSetRule) async throws -> [ClaimResult] {
        for name in names { try Name.requireLabel(name, of: "workspace", most: 64) }
        try Labels.check(request.labels)
        var one = request
        (one.name, one.idempotencyKey) = (names[0], nil)
        guard case .target(let target) = try await resolve(one) else {
            throw StoreError.internalInconsistency("a claim without a key has an earlier result")
        }
        guard !target.pools.isEmpty else {
            throw StoreError(
                .conflict,
                "No prebuild can become what is asked for: \(target.missReason)",
                remedy: "Ask for other values, or claim them one by one: each is built then."
            )
        }
        let taken = try await taken(names, by: target.ownerID, key: request.idempotencyKey)
        guard taken.isEmpty else {
            throw StoreError(
                .nameTaken,
                "\(request.owner) has a workspace '\(taken[0])' already",
                remedy: "Choose another name."
            )
        }
        return try await StoreError.naming("workspace of \(request.owner)", names[0]) {
            try await bind(request, names, to: target.pools, rule)
        }
    }

    /// The names that the owner's workspaces have, except those that an earlier request of the same key has given.
    private func taken(_ names: [String], by owner: UserID, key: String?) async throws -> [String] {
        try await pool.execute(
            "claims.taken",
            within: .seconds(5),
            reading: true,
            """
            SELECT q.name FROM unnest(\(names)) WITH ORDINALITY q(name, place)
            WHERE EXISTS (
                SELECT FROM workspaces w WHERE w.owner_id = \(owner) AND lower(w.name) = lower(q.name) AND NOT w.deleted
            ) AND NOT EXISTS (
                SELECT FROM workspace_claims c WHERE c.claimant_id = \(owner) AND c.idempotency_key = \(key) || '/' || q.name
            )
            ORDER BY q.place
            """
        ).map { try $0.decode(String.self) }
    }

    /// Of the pools that fit, the first one has its turn first.
    private func bind(
        _ request: ClaimRequest,
        _ names: [String],
        to pools: [ClaimTarget],
        _ rule: ClaimSetRule
    ) async throws -> [ClaimResult] {
        try await pool.withTransaction("claims.together") { transaction in
            var waiting = names.map { name in
                var one = request
                (one.name, one.idempotencyKey) = (name, request.idempotencyKey.map { "\($0)/\(name)" })
                return one
            }
            var served: [String: ClaimResult] = [:]
            for target in pools where !waiting.isEmpty {
                let claims = waiting.map {
                    PreparedClaim(id: .random(), request: $0, target: target, isQueued: false)
                }
                for result in try await ReadyClaims(claims).bind(in: transaction) {
                    served[result.workspaceName] = result
                }
                waiting.removeAll { served[$0.name] != nil }
            }
            guard waiting.isEmpty || rule == .available && !served.isEmpty else {
                throw StoreError(
                    .conflict,
                    "Only \(served.count) of \(names.count) are ready, and nothing was claimed",
                    remedy: rule == .all && !served.isEmpty
                        ? "Ask for fewer, or for as many as there are."
                        : "Wait for the pool to be filled, or claim one by one."
                )
            }
            return names.compactMap { served[$0] }
        }
    }
}
