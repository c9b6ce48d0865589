// SPDX-License-Identifier: Apache-2.0

package import Basics

/// What is known of each type of event: its name and id for receivers of Coder's notifications, its particulars, and how
/// it is told in words.
package struct EventDescription: Sendable {
    /// The type's raw value.
    package let type: String
    /// The name in words, as Coder's payload carries it.
    package let notificationName: String
    /// The notification template's id, as Coder's payload carries it. It never changes.
    package let templateID: String
    package let summary: String
    package let fields: [EventField]
}

/// The descriptions of all types of events, and their JSON Schemas.
package enum EventCatalogue {
    /// All descriptions, in the order of ``EventType``.
    package static let all: [EventDescription] = EventType.allCases.map(describe)

    /// The JSON Schemas of all types, by type.
    package static var schemas: JSON {
        .object(Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0.schema) }))
    }

    /// The description of a type; of one that a newer release has written, what its name tells.
    package static func description(of type: String) -> EventDescription {
        if let known = EventType(rawValue: type) { return describe(known) }
        let words = type.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return EventDescription(
            type: type,
            notificationName: words.joined(separator: " "),
            templateID: "00000000-0000-0000-0000-000000000000",
            summary: "",
            fields: []
        )
    }

    private static let preset = [
        EventField("organization", .reference, "The organization."),
        EventField("template", .reference, "The template."),
        EventField("template_version", .reference, "The template's version."),
        EventField("preset", .reference, "The preset.", required: false),
    ]
    private static let workspace =
        preset + [
            EventField("workspace", .reference, "The workspace."),
            EventField("claimant", .reference, "The workspace's owner.", required: false),
            EventField("build", .reference, "The workspace's build, with its number.", required: false),
            EventField("build_number", .integer, "The number of the workspace's build."),
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

    private static func describe(_ type: EventType) -> EventDescription {
        func event(_ name: String, _ templateID: String, _ summary: String, _ fields: [EventField]) -> EventDescription
        {
            EventDescription(
                type: type.rawValue,
                notificationName: name,
                templateID: templateID,
                summary: summary,
                fields: fields
            )
        }
        switch type {
        case .prebuildFailureLimitReached:
            let fields = [
                EventField("failures", .integer, "How many builds failed in a row."),
                EventField("last_error", .string, "The error of the newest of them."),
                EventField("build_ids", .strings, "The failed builds, newest first."),
            ]
            return event(
                "Prebuild Failure Limit Reached",
                "414d9331-c1fc-4761-b40c-d1f4702279eb",
                "A preset has become hard limited: no prebuilds are created for it any more.",
                preset + fields
            )
        case .prebuildFailureLimitResolved:
            return event(
                "Prebuild Failure Limit Resolved",
                "134f2e6c-5ecd-470d-80c9-eeed71ea93f0",
                "A hard limited preset is healthy again.",
                preset + [
                    EventField("how", .string, "What resolved it: reset.", required: false),
                    EventField("by", .string, "Who reset it.", required: false),
                ]
            )
        case .workspaceResourceReplaced:
            return event(
                "Prebuilt Workspace Resource Replaced",
                "89d9745a-816e-4695-a17f-3d0a229e2b8d",
                "Claiming a prebuild replaced resources of it.",
                workspace + [
                    EventField("replacements", .stringsByName, "The paths that forced it, by resource."),
                    EventField(
                        "reasons",
                        .stringByName,
                        "Why, as the provisioner says it, by resource.",
                        required: false
                    ),
                ]
            )
        case .workspaceBuildFailed:
            return event(
                "Workspace Build Failed",
                "4006c5fd-0b06-4900-8d48-ad8e83a7dd7d",
                "A build has failed for good.",
                workspace + failure
            )
        case .workspaceDeleteFailed:
            return event(
                "Workspace Delete Failed",
                "80531abb-4de6-481c-8287-5d33d6ccf25f",
                "A workspace could not be deleted, however often it was tried; what it holds may still cost.",
                workspace + failure
            )
        case .presetValidationFailed:
            return event(
                "Preset Validation Failed",
                "41c7833c-fba7-47aa-be3f-9ad1a62a0465",
                "A preset cannot be built: no prebuilds are created for it.",
                preset + [EventField("message", .string, "What is wrong with it.")]
            )
        case .poolDepleted:
            return event(
                "Prebuild Pool Depleted",
                "ea7cdbf4-8855-445c-87de-34bc57c5beb8",
                "No prebuild of a pool that should hold some can be claimed.",
                preset + pool
            )
        case .poolRecovered:
            return event(
                "Prebuild Pool Recovered",
                "64296965-7002-448a-bf1a-6064676727c2",
                "A depleted pool can be claimed from again, or need not be.",
                preset + pool + [
                    EventField("how", .string, "refilled, not_desired or inactive.", required: false)
                ]
            )
        case .workerLost:
            let fields = [
                EventField("worker", .reference, "The worker."),
                EventField("jobs", .integer, "How many of its jobs were taken from it.", required: false),
            ]
            return event(
                "Worker Lost",
                "c1a96532-5439-4e58-a4c2-6f23dd40aeca",
                "A worker has not renewed its lease.",
                fields + cause
            )
        case .workerDrained:
            let fields = [
                EventField("worker", .reference, "The worker."),
                EventField("jobs", .integer, "How many jobs it handed back.", required: false),
            ]
            return event(
                "Worker Drained",
                "1ca0becc-41e2-4f9d-b65b-0cc1ad90a8e2",
                "A worker has finished or handed back its jobs and claims no more.",
                fields + cause
            )
        case .maintenanceStarted:
            let until = EventField("until", .time, "When it ends by itself.", required: false)
            return event(
                "Maintenance Started",
                "858410b4-f9e1-4881-aaab-8aeed5ce90b2",
                "The whole fleet stops reconciling and claiming.",
                cause + [until]
            )
        case .maintenanceEnded:
            return event(
                "Maintenance Ended",
                "5a18359d-2fdf-4593-8c3b-d66badcf5810",
                "The fleet reconciles and claims again.",
                cause + [
                    EventField("how", .string, "command, or time when it ended by itself.", required: false),
                    EventField("started_at", .time, "When it began.", required: false),
                ]
            )
        case .webhookEndpointDisabled:
            let fields = [
                EventField("endpoint", .reference, "The endpoint."),
                EventField("reason", .string, "Why."),
                EventField("last_status", .integer, "The status it answered last.", required: false),
                EventField("failing_since", .time, "Since when no request has succeeded.", required: false),
            ]
            return event(
                "Webhook Endpoint Disabled",
                "efbea18d-774a-4e76-a79c-ebc7cd5f224e",
                "An endpoint gets no more requests until it is enabled.",
                fields
            )
        case .ping:
            return event("Ping", "0031bab2-5439-4343-9a1c-06b82a1c7119", "A test, sent on request.", [])
        }
    }
}
