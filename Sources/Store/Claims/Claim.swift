// SPDX-License-Identifier: Apache-2.0

package import Domain

/// A person's request for a workspace.
package struct ClaimRequest: Hashable, Sendable {
    package var template: String
    /// `nil`: the default preset, or the only one.
    package var preset: String?
    /// The user name of whom it is for.
    package var owner: String
    /// What the workspace is to be called.
    package var name: String
    /// Values that differ from the preset's or complete them.
    package var parameters: [String: String]
    /// The same key with the same request gives the same workspace for ever.
    package var idempotencyKey: String?

    package init(
        template: String,
        preset: String? = nil,
        owner: String,
        name: String,
        parameters: [String: String] = [:],
        idempotencyKey: String? = nil
    ) {
        self.template = template
        self.preset = preset
        self.owner = owner
        self.name = name
        self.parameters = parameters
        self.idempotencyKey = idempotencyKey
    }
}

/// Whether a claim got a prebuild, and if not, why; the raw values are those of `workspace_claims.outcome`.
package enum ClaimOutcome: String, Hashable, Sendable, Codable {
    /// A ready prebuild changed hands.
    case hit
    /// The pool has none ready.
    case missEmpty = "miss_empty"
    /// No pool fits the request.
    case missUnmatched = "miss_unmatched"
    /// The pool is empty because an operator paused it.
    case missPaused = "miss_paused"
    /// The pool is empty because a cap or quota holds it.
    case missCapped = "miss_capped"
    /// It could not be served at all.
    case error
}

/// What a claim gave.
package struct ClaimResult: Hashable, Sendable, Codable {
    package var claimID: ClaimID
    package var outcome: ClaimOutcome
    /// Why it was no hit, or what it waited for, in words; empty for a hit at once.
    package var reason: String
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var templateName: String
    package var presetName: String
    package var ownerName: String
    /// The build that hands the workspace over, or makes it.
    package var buildID: BuildID
    package var buildNumber: Int
    package var jobID: JobID
    /// An earlier claim with the same idempotency key was answered with its result.
    package var isRepeat: Bool

    private enum CodingKeys: String, CodingKey {
        case outcome, reason
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
    }
}
