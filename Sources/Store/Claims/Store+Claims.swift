// SPDX-License-Identifier: Apache-2.0

import Crypto
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
        return try await StoreError.naming("workspace of \(request.owner)", request.name) {
            // The names may refer to other rows since the lookup: then they are looked up again.
            for _ in 0..<5 {
                let target: ClaimTarget
                switch try await resolve(request) {
                case .earlier(let earlier): return try earlier.result(for: request)
                case .target(let found): target = found
                }
                let claim = ClaimStatements(id: id, request: request, target: target, isQueued: onMiss != .builds)
                if target.fitsPool {
                    if let bound = try await result(of: claim.bindings, claim) { return bound }
                    if onMiss == .waits { return nil }
                }
                if let built = try await result(of: claim.freshBuild, claim) { return built }
            }
            throw StoreError(
                .conflict,
                "Template '\(request.template)' changes faster than it can be claimed",
                remedy: "Try again."
            )
        }
    }

    private func result(of statements: [Statement], _ claim: ClaimStatements) async throws -> ClaimResult? {
        let answers = try await pool.executeBatch(statements)
        if let row = answers.last?.first { return try claim.result(row) }
        guard claim.request.idempotencyKey != nil else { return nil }
        return try answers.dropLast().last?.first.map { try EarlierClaim($0).result(for: claim.request) }
    }

    private func leaveQueue(_ id: ClaimID) async throws {
        _ = try await pool.execute(
            Statement(
                "claims.leave_queue",
                within: .seconds(5),
                """
                DELETE FROM workspace_claim_waiters WHERE id = \(id)
                RETURNING \(sql: News.column(News.on(Channel.ready, "preset_id")))
                """
            )
        )
    }
}

/// The timing of a waiting claim.
enum ClaimWaiter {
    /// The polling interval: a notification may be lost.
    static let poll = Duration.seconds(1)
    /// After this time without polling, a waiter counts as dead, and those behind it pass.
    static let lease = Duration.seconds(4)
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

// MARK: - Idempotency

/// The earlier result of an idempotency key.
package struct EarlierClaim {
    let result: ClaimResult
    private let digest: [UInt8]?
    /// The types of the parameters at that time.
    private let types: [String: ParameterType]

    /// Reads a row of ``statement(_:of:)``.
    init(_ row: Row) throws {
        digest = try row["request_hash"]
        let (names, notations): ([String], [String]) = (try row["parameters"], try row["types"])
        types = Dictionary(zip(names, notations.map(ParameterType.init))) { $1 }
        result = try ClaimResult(row, isRepeat: true)
    }

    /// Throws ``StoreError`` of code `.conflict` when the key was used for another request.
    func result(for request: ClaimRequest) throws -> ClaimResult {
        // The same values in another notation are the same request.
        let digests = [request.parameters, types.canonical(request.parameters)].map(request.digest)
        guard let digest, digests.contains(digest) else {
            throw StoreError(
                .conflict,
                "The idempotency key '\(request.idempotencyKey ?? "")' was used for another request",
                remedy: "Use a new key for a new request."
            )
        }
        return result
    }

    /// Finds it, whatever has happened to the template, the preset and the workspace since.
    static func statement(_ key: String, of owner: String) -> Statement {
        Statement(
            "claims.earlier",
            within: .seconds(10),
            """
            SELECT \(sql: ClaimResult.columns), c.request_hash,
                ARRAY(SELECT d.name FROM template_version_parameters d
                    WHERE d.template_version_id = p.template_version_id ORDER BY d.name) AS parameters,
                ARRAY(SELECT d.type FROM template_version_parameters d
                    WHERE d.template_version_id = p.template_version_id ORDER BY d.name) AS types
            FROM \(sql: ClaimResult.tables)
            WHERE \(sql: .isUser(named: owner)) AND c.idempotency_key = \(key)
            """
        )
    }
}

extension ClaimRequest {
    /// SHA-256 over everything that makes two requests different; the key itself is not part of it.
    ///
    /// - Parameter values: The parameters in any notation.
    func digest(giving values: [String: String]) -> [UInt8] {
        var hash = SHA256()
        let values = values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        for field in [template, preset ?? "", owner, name] + values {
            let bytes = Array(field.utf8)
            hash.update(data: lengthPrefix(bytes.count))
            hash.update(data: bytes)
        }
        return Array(hash.finalize())
    }

    /// The length before each field, so that fields cannot run together.
    private func lengthPrefix(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    }
}
