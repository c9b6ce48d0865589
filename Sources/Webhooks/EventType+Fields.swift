// SPDX-License-Identifier: Apache-2.0

import Domain

extension EventType {
    /// The members of `data`, in the order of the documentation.
    var fields: [EventField] {
        switch self {
        case .prebuildFailureLimitReached:
            Self.preset + [
                EventField("failures", .integer, "How many builds failed in a row."),
                EventField("last_error", .string, "The error of the newest of them."),
                EventField("build_ids", .strings, "The failed builds, newest first."),
            ]
        case .prebuildFailureLimitResolved:
            Self.preset + [
                EventField("how", .string, "What resolved it: reset, or build_succeeded.", required: false),
                EventField("by", .string, "Who reset it.", required: false),
            ]
        case .workspaceResourceReplaced:
            Self.workspace + [
                EventField("replacements", .stringsByName, "The paths that forced it, by resource."),
                EventField("reasons", .stringByName, "Why, as the provisioner says it, by resource.", required: false),
            ]
        case .claimWouldReplace:
            Self.preset + [EventField("replacements", .stringsByName, "The paths that would force it, by resource.")]
        case .workspaceReady:
            Self.workspace + Self.claim + [
                EventField("seconds", .integer, "How long it took from the claim to here."),
                EventField("outputs", .values, "The outputs that are not sensitive, by name.", required: false),
            ]
        case .claimFailed: Self.workspace + Self.claim + Self.failure
        case .workspaceBuildFailed, .workspaceDeleteFailed: Self.workspace + Self.failure
        case .workspaceExpiring:
            Self.life + [
                EventField("what", .string, "What comes: deletion or dormancy."),
                EventField("cause", .string, "expiry, unused or dormancy."),
                EventField("at", .time, "When."),
            ]
        case .workspaceExpired: Self.life + [EventField("cause", .string, "expiry or dormancy.")]
        case .workspaceDormant:
            Self.life + [EventField("cause", .string, "unused, owner_disabled or owner_removed.")]
        case .presetValidationFailed: Self.preset + [EventField("message", .string, "What is wrong with it.")]
        case .poolDepleted: Self.preset + Self.pool
        case .poolRecovered:
            Self.preset + Self.pool + [
                EventField("how", .string, "refilled, not_desired or inactive.", required: false)
            ]
        case .rolloutStopped:
            Self.preset + Self.rollout + [
                EventField("reason", .string, "Why it cannot go on."),
                EventField("action", .string, "hold: the old pools stay. rollback: the old version is active again."),
            ]
        case .rolloutCompleted:
            Self.preset + Self.rollout + [
                EventField("adopted", .integer, "How many prebuilds were taken over as they are.", required: false),
                EventField("started_at", .time, "When it began.", required: false),
            ]
        case .workerLost:
            [
                EventField("worker", .reference, "The worker."),
                EventField("jobs", .integer, "How many of its jobs were taken from it.", required: false),
            ] + Self.cause
        case .workerDrained:
            [
                EventField("worker", .reference, "The worker."),
                EventField("jobs", .integer, "How many jobs it handed back.", required: false),
            ] + Self.cause
        case .maintenanceStarted:
            Self.cause + [EventField("until", .time, "When it ends by itself.", required: false)]
        case .maintenanceEnded:
            Self.cause + [
                EventField("how", .string, "command, or time when it ended by itself.", required: false),
                EventField("started_at", .time, "When it began.", required: false),
            ]
        case .webhookEndpointDisabled:
            [
                EventField("endpoint", .reference, "The endpoint."),
                EventField("reason", .string, "Why."),
                EventField("last_status", .integer, "The status it answered last.", required: false),
                EventField("failing_since", .time, "Since when no request has succeeded.", required: false),
            ]
        case .ping: []
        }
    }

    private static let preset = [
        EventField("organization", .reference, "The organization."),
        EventField("template", .reference, "The template."),
        EventField("template_version", .reference, "The template's version."),
        EventField("preset", .reference, "The preset.", required: false),
    ]
    private static let rollout = [
        EventField("previous_version", .reference, "The version from which it began.", required: false)
    ]
    private static let workspace =
        preset + [
            EventField("workspace", .reference, "The workspace."),
            EventField("claimant", .reference, "The workspace's owner.", required: false),
            EventField("build", .reference, "The workspace's build, with its number.", required: false),
            EventField("build_number", .integer, "The number of the workspace's build."),
            EventField("workspace_labels", .stringByName, "The workspace's labels.", required: false),
        ]
    private static let life = [
        EventField("organization", .reference, "The organization."),
        EventField("template", .reference, "The template."),
        EventField("workspace", .reference, "The workspace."),
        EventField("claimant", .reference, "The workspace's owner.", required: false),
    ]
    private static let claim = [
        EventField("claim", .reference, "The claim."),
        EventField("outcome", .string, "What the claim got: hit, or why it was a miss; of a refused one, error."),
    ]
    private static let failure = [
        EventField("error", .string, "What went wrong."),
        EventField("error_code", .string, "The kind of failure, such as CAPACITY; may be empty."),
        EventField("log", .string, "The last lines of the build's log.", required: false),
    ]
    private static let pool = [
        EventField("desired", .integer, "How many prebuilds the pool should hold."),
        EventField("eligible", .integer, "How many can be claimed."),
        EventField("running", .integer, "How many run.", required: false),
        EventField("starting", .integer, "How many are being built.", required: false),
        EventField("misses", .integer, "How many claims found the pool empty.", required: false),
    ]
    private static let cause = [
        EventField("by", .string, "Who asked for it; empty when nobody did.", required: false),
        EventField("reason", .string, "Why; may be empty.", required: false),
    ]
}
