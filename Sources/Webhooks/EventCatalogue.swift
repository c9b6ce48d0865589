// SPDX-License-Identifier: Apache-2.0

package import Basics
import Domain

/// The description of a type of event: its name and id for receivers of Coder's notifications, and its details.
package struct EventDescription: Sendable {
    /// The type's raw value.
    package let type: String
    /// The name in Coder's payload.
    package let notificationName: String
    /// The notification template's id in Coder's payload. It never changes.
    package var templateID = "00000000-0000-0000-0000-000000000000"
    package var summary = ""
    package var fields: [EventField] = []
}

/// The descriptions of all types of events, and their JSON Schemas.
package enum EventCatalogue {
    /// All descriptions, in the order of ``EventType``.
    package static let all: [EventDescription] = EventType.allCases.map { description(of: $0.rawValue) }

    /// The JSON Schemas of all types, by type.
    package static var schemas: JSON {
        .object(Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0.schema) }))
    }

    /// The description of a type; for a type of a newer release, one derived from its name.
    package static func description(of type: String) -> EventDescription {
        let words = type.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
        guard let known = EventType(rawValue: type) else {
            return EventDescription(type: type, notificationName: words)
        }
        return EventDescription(
            type: type,
            notificationName: known.notificationName ?? words,
            templateID: known.templateID,
            summary: known.summary,
            fields: known.fields
        )
    }
}

extension EventType {
    /// `nil` if the type's words are the name.
    fileprivate var notificationName: String? {
        switch self {
        case .workspaceResourceReplaced: "Prebuilt Workspace Resource Replaced"
        case .poolDepleted: "Prebuild Pool Depleted"
        case .poolRecovered: "Prebuild Pool Recovered"
        default: nil
        }
    }

    fileprivate var templateID: String {
        switch self {
        case .prebuildFailureLimitReached: "414d9331-c1fc-4761-b40c-d1f4702279eb"
        case .prebuildFailureLimitResolved: "134f2e6c-5ecd-470d-80c9-eeed71ea93f0"
        case .workspaceResourceReplaced: "89d9745a-816e-4695-a17f-3d0a229e2b8d"
        case .claimWouldReplace: "b0d6a1c4-7a0f-4c56-9a55-3c1c2f6f1f0e"
        case .workspaceReady: "2c1a1f0f-9f0c-4d6e-8f43-6a4b1b0c6f27"
        case .claimFailed: "f3b9d8f5-3a52-4f8d-9d0e-0c1d5b7f2a94"
        case .workspaceBuildFailed: "4006c5fd-0b06-4900-8d48-ad8e83a7dd7d"
        case .workspaceDeleteFailed: "80531abb-4de6-481c-8287-5d33d6ccf25f"
        case .workspaceExpiring: "d29c23f0-8f3a-4a6c-9d7f-3a0a1a52e6b1"
        case .workspaceExpired: "5b1a4fd8-6d0e-4b4e-8f0b-9c1d7c0f2e35"
        case .workspaceDormant: "0ea69165-ec14-4314-91f1-69566ac3c5a0"
        case .presetValidationFailed: "41c7833c-fba7-47aa-be3f-9ad1a62a0465"
        case .poolDepleted: "ea7cdbf4-8855-445c-87de-34bc57c5beb8"
        case .poolRecovered: "64296965-7002-448a-bf1a-6064676727c2"
        case .rolloutStopped: "5f0f1c2e-64a4-4b57-9d6b-2f7f0e4a8c31"
        case .rolloutCompleted: "b8d1b1a6-0c7d-4f2e-8f55-6f0a3d9c7e12"
        case .workerLost: "c1a96532-5439-4e58-a4c2-6f23dd40aeca"
        case .workerDrained: "1ca0becc-41e2-4f9d-b65b-0cc1ad90a8e2"
        case .maintenanceStarted: "858410b4-f9e1-4881-aaab-8aeed5ce90b2"
        case .maintenanceEnded: "5a18359d-2fdf-4593-8c3b-d66badcf5810"
        case .webhookEndpointDisabled: "efbea18d-774a-4e76-a79c-ebc7cd5f224e"
        case .ping: "0031bab2-5439-4343-9a1c-06b82a1c7119"
        }
    }

    fileprivate var summary: String {
        switch self {
        case .prebuildFailureLimitReached: "A preset has become hard limited: no prebuilds are created for it any more."
        case .prebuildFailureLimitResolved: "A hard limited preset is healthy again."
        case .workspaceResourceReplaced: "Claiming a prebuild replaced resources of it."
        case .claimWouldReplace: "A rehearsal of a claim says that claims of a version will replace resources."
        case .workspaceReady: "A claimed workspace can be used."
        case .claimFailed: "The build of a claimed workspace has failed for good, so that the claimant has none."
        case .workspaceBuildFailed: "A build has failed for good."
        case .workspaceDeleteFailed:
            "A workspace could not be deleted, however often it was tried; what it holds may still cost."
        case .workspaceExpiring: "A workspace will be stopped or deleted soon, because its end comes or nobody uses it."
        case .workspaceExpired: "A workspace is being deleted, because its end has come or it was dormant for long."
        case .workspaceDormant: "A workspace is dormant: it is stopped, because nobody uses it."
        case .presetValidationFailed: "A preset cannot be built: no prebuilds are created for it."
        case .poolDepleted: "No prebuild of a pool that should hold some can be claimed."
        case .poolRecovered: "A depleted pool can be claimed from again, or need not be."
        case .rolloutStopped: "A new version of a template cannot be built: its roll-out is held, or was rolled back."
        case .rolloutCompleted: "A new version has taken over all pools of its template."
        case .workerLost: "A worker has not renewed its lease."
        case .workerDrained: "A worker has finished or handed back its jobs and claims no more."
        case .maintenanceStarted: "The whole fleet stops reconciling and claiming."
        case .maintenanceEnded: "The fleet reconciles and claims again."
        case .webhookEndpointDisabled: "An endpoint gets no more requests until it is enabled."
        case .ping: "A test, sent on request."
        }
    }
}
