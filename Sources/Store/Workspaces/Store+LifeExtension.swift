// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient
package import Time

/// By how much the life of a workspace is extended.
package enum LifeExtension: Hashable, Sendable {
    /// Seconds beyond the present end.
    case by(Int)
    /// Seconds from now.
    case from(now: Int)
    case until(Instant)
}

extension Store {
    /// Sets a new end of a workspace, and counts as use. Returns it.
    ///
    /// Throws ``StoreError`` of code `.notFound`, of `.invalid` for a moment that has passed or is later than the
    /// template allows, and of `.conflict` for a prebuild, for a workspace that is being deleted, and for one without
    /// an end that is extended by a time.
    package func extend(_ change: LifeExtension, _ request: WorkspaceRequest) async throws -> WorkspaceSummary {
        let id = try await pool.withTransaction("workspaces.extend") { transaction in
            let present = try await Self.present(request, on: transaction)
            try present.checkOwned()
            let end = try present.end(after: change)
            _ = try await transaction.execute(
                "workspaces.set_end",
                """
                UPDATE workspaces SET expires_at = \(end), last_used_at = now(), updated_at = now() WHERE id = \(present.id)
                """
            )
            return present.id
        }
        return try await workspace("\(id)").workspace
    }
}

extension PresentWorkspace {
    fileprivate func end(after change: LifeExtension) throws -> Instant {
        let end: Instant
        switch change {
        case .by(let seconds):
            guard let expiresAt else {
                throw StoreError(
                    .conflict,
                    "'\(name)' has no end, so it needs no extension",
                    remedy: "Give it one with --until."
                )
            }
            end = max(expiresAt, now) + .seconds(seconds)
        case .from(now: let seconds): end = now + .seconds(seconds)
        case .until(let moment): end = moment
        }
        guard end > now else {
            throw StoreError(.invalid, "\(end) has passed already", remedy: "Give a moment in the future.")
        }
        if let maxSeconds, end > claimedAt + .seconds(maxSeconds) {
            let most = DurationNotation.write(.seconds(maxSeconds))
            throw StoreError(
                .invalid,
                "'\(name)' may live for \(most) from its claim on, until \(claimedAt + .seconds(maxSeconds))",
                remedy: "Extend it until then at most."
            )
        }
        return end
    }
}
