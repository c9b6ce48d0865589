// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A request for a workspace.
package struct ClaimRequest: Hashable, Sendable {
    package var template: String
    /// `nil`: the one that fits best, as ``PresetChoice`` has it.
    package var preset: String?
    /// The name of the user who gets the workspace.
    package var owner: String
    /// The name of the new workspace.
    package var name: String
    /// Values that differ from the preset's or complete them.
    package var parameters: [String: String]
    /// Whether only prebuilds of the active version will do, also while an earlier one serves its claims.
    package var latestOnly: Bool
    /// The same key with the same request always gives the same workspace.
    package var idempotencyKey: String?
    /// The lifetime in seconds; 0: without end; `nil`: the template's default.
    package var ttl: Int?
    /// Labels of the workspace, for lists and selectors.
    package var labels: [String: String]

    package init(
        template: String,
        preset: String? = nil,
        owner: String,
        name: String,
        parameters: [String: String] = [:],
        latestOnly: Bool = false,
        idempotencyKey: String? = nil,
        ttl: Int? = nil,
        labels: [String: String] = [:]
    ) {
        self.template = template
        self.preset = preset
        self.owner = owner
        self.name = name
        self.parameters = parameters
        self.latestOnly = latestOnly
        self.idempotencyKey = idempotencyKey
        self.ttl = ttl
        self.labels = labels
    }
}

/// The outcome of a claim; the raw values are those of `workspace_claims.outcome`.
package enum ClaimOutcome: String, Hashable, Sendable, Codable {
    /// A prebuild was handed over.
    case hit
    /// The pool has no eligible prebuild.
    case missEmpty = "miss_empty"
    /// No pool fits the request.
    case missUnmatched = "miss_unmatched"
    /// The pool is empty because an operator paused it.
    case missPaused = "miss_paused"
    /// The pool is empty because of a cap or quota.
    case missCapped = "miss_capped"
    /// The claim was refused or failed.
    case error
}

/// The result of a claim.
package struct ClaimResult: Hashable, Sendable, Codable {
    /// The reason of a hit that gave a prebuild of an earlier version, during a roll-out.
    static let previousVersion = "previous_version"

    package var claimID: ClaimID
    package var outcome: ClaimOutcome
    /// Why it was a miss, or what it waited for; empty for an immediate hit.
    package var reason: String
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var templateName: String
    package var presetName: String
    package var ownerName: String
    /// The build that hands the workspace over, or creates it.
    package var buildID: BuildID
    package var buildNumber: Int
    package var jobID: JobID
    /// Whether an earlier claim with the same idempotency key got this result.
    package var isRepeat: Bool
    /// When the workspace is deleted; `nil`: it has no end.
    package var expiresAt: Instant?
    /// What that build gave to the owner, when it has ended; sensitive values are hidden. Only ``Store/claim(_:visibleTo:)``
    /// reads it.
    package var outputs: [WorkspaceOutputs.Output]?
    package var open: String?
    package var ssh: String?

    private enum CodingKeys: String, CodingKey {
        case outcome, reason, outputs, open, ssh
        case claimID = "claim_id"
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case templateName = "template_name"
        case presetName = "preset_name"
        case ownerName = "owner_name"
        case buildID = "build_id"
        case buildNumber = "build_number"
        case jobID = "job_id"
        case isRepeat = "repeat"
        case expiresAt = "expires_at"
    }
}
