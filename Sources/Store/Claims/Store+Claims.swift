// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient

extension Store {
    /// Hands an eligible prebuild to a user at once, else builds a new workspace at interactive priority.
    ///
    /// Ownership, the claim build, the record of the claim and the notifications are one transaction, and one round
    /// trip after the lookup of the names. Prebuilds that another claim or a deletion has locked are skipped, not
    /// waited for.
    ///
    /// Throws ``StoreError`` of code `.notFound`, `.nameTaken`, `.invalid` or `.conflict`; then nothing was spent. The
    /// failed request and its reason are recorded nevertheless.
    package func claim(_ request: ClaimRequest) async throws -> ClaimResult {
        let id = ClaimID.random()
        return try await recordingErrors(of: request, id) {
            guard let result = try await serve(request, as: id, onMiss: .builds) else {
                throw StoreError.internalInconsistency("a claim that does not wait was not served")
            }
            return result
        }
    }

    /// As ``claim(_:)``, but when no prebuild is eligible, waits for the next one: first come, first served. After
    /// `limit` it builds a new workspace, and at once when no prebuild can become what was requested.
    ///
    /// - Parameter woken: Returns when a prebuild may have become eligible (``Channel/ready``), and at the latest after
    ///   the given time.
    package func claim(
        _ request: ClaimRequest,
        waitingAtMost limit: Duration,
        woken: (Duration) async -> Void
    ) async throws -> ClaimResult {
        let id = ClaimID.random()
        let deadline = ContinuousClock.now + limit
        do {
            return try await recordingErrors(of: request, id) {
                while true {
                    let remaining = ContinuousClock.now.duration(to: deadline)
                    if let result = try await serve(request, as: id, onMiss: remaining > .zero ? .waits : .hasWaited) {
                        // Otherwise the claim itself has left the queue.
                        if result.isRepeat { try await leaveQueue(id) }
                        return result
                    }
                    await woken(min(remaining, ClaimWaiter.poll))
                    try Task.checkCancellation()
                }
            }
        } catch {
            // In a task of its own, because this one may be canceled.
            try? await Task { try await leaveQueue(id) }.value
            throw error
        }
    }

    /// What a claim does if no prebuild is eligible.
    private enum Miss {
        /// It builds a new workspace at once.
        case builds
        /// It joins the queue for the next prebuild, or keeps its place.
        case waits
        /// It builds a new workspace, because it has waited long enough.
        case hasWaited
    }

    /// `nil`: no prebuild is eligible, and the claim has its place in the queue.
    private func serve(_ request: ClaimRequest, as id: ClaimID, onMiss: Miss) async throws -> ClaimResult? {
        try Name.requireLabel(request.name, of: "workspace", most: 64)
        try Labels.check(request.labels)
        return try await StoreError.naming("workspace of \(request.owner)", request.name) {
            // The names may refer to other rows since the lookup: then they are looked up again.
            for _ in 0..<5 {
                let target: ClaimTarget
                switch try await resolve(request) {
                case .earlier(let earlier): return settled(try earlier.result(for: request))
                case .target(let found): target = found
                }
                let pools = target.pools
                let isQueued = onMiss != .builds
                if let bound = try await bind(request, as: id, to: pools, isQueued: isQueued) { return settled(bound) }
                if onMiss == .waits, !pools.isEmpty { return nil }
                let claim = PreparedClaim(id: id, request: request, target: target, isQueued: isQueued, note: note)
                if let built = try await FreshClaim(claim).build(on: pool) { return settled(built) }
            }
            throw StoreError(
                .conflict,
                "Template '\(request.template)' changes faster than it can be claimed",
                remedy: "Try again."
            )
        }
    }

    /// Whether served now, which wrote the entry of the audit log, or by an earlier request, which wrote it then.
    private func settled(_ result: ClaimResult) -> ClaimResult {
        note?.settle()
        return result
    }

    /// Hands over a ready prebuild of the first pool that has one. A claim that waits has its place in the queue of the
    /// first, and looks at the others in the order of its arrival.
    private func bind(
        _ request: ClaimRequest,
        as id: ClaimID,
        to pools: [ClaimTarget],
        isQueued: Bool
    ) async throws -> ClaimResult? {
        guard let first = pools.first else { return nil }
        let claim = PreparedClaim(id: id, request: request, target: first, isQueued: isQueued, note: note)
        if let bound = try await bind(claim) { return bound }
        guard pools.count > 1 else { return nil }
        for target in try await eligible(of: Array(pools.dropFirst())) {
            let claim = PreparedClaim(
                id: id,
                request: request,
                target: target,
                isQueued: isQueued,
                isElsewhere: true,
                note: note
            )
            if let bound = try await bind(claim) { return bound }
        }
        return nil
    }

    /// Claims that wait look alone, in their order; others go together.
    private func bind(_ claim: PreparedClaim) async throws -> ClaimResult? {
        claim.isQueued ? try await ReadyClaims.bind([claim], on: pool)[0].get() : try await readyClaims(claim)
    }

    private func leaveQueue(_ id: ClaimID) async throws {
        _ = try await pool.execute(
            Statement(
                "claims.leave_queue",
                within: .seconds(5),
                """
                DELETE FROM workspace_claim_waiters WHERE id = \(id)
                RETURNING \(sql: News.column(News.on(Channel.ready, "preset_id"), News.reconcile("preset_id")))
                """
            )
        )
    }
}

// MARK: - Errors

extension Store {
    private func recordingErrors(
        of request: ClaimRequest,
        _ id: ClaimID,
        _ body: () async throws -> ClaimResult
    ) async throws -> ClaimResult {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // If this fails too, the first error is reported.
            try? await record(error, of: request, id)
            throw error
        }
    }

    /// The key is not recorded, because a failed claim does not use it up.
    private func record(_ error: any Error, of request: ClaimRequest, _ id: ClaimID) async throws {
        let reason = (error as? StoreError).map { "\($0.code.rawValue): \($0.message)" } ?? "\(error)"
        _ = try await pool.execute(
            Statement(
                "claims.record_error",
                within: .seconds(5),
                """
                INSERT INTO workspace_claims (id, organization_id, template_id, preset_id, claimant_id, outcome,
                    outcome_reason)
                SELECT \(id), t.organization_id, t.id, p.id, u.id, \(ClaimOutcome.error.rawValue), \(reason)
                FROM (SELECT) one
                LEFT JOIN templates t ON t.id = (\(sql: .templateID(named: request.template)))
                LEFT JOIN template_version_presets p
                    ON p.template_version_id = t.active_version_id AND p.name = \(request.preset)
                LEFT JOIN users u ON \(sql: .isUser(named: request.owner))
                LIMIT 1
                """
            )
        )
    }
}
