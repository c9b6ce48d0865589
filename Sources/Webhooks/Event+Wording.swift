// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

extension Event {
    /// The title: one line.
    package var title: Wording {
        switch EventType(rawValue: type) {
        case .prebuildFailureLimitReached: "There is a problem creating prebuilt workspaces"
        case .prebuildFailureLimitResolved: "Prebuilt workspaces are being created again"
        case .workspaceResourceReplaced: "There might be a problem with a recently claimed prebuilt workspace"
        case .claimWouldReplace: "Claims of a new version would replace resources"
        case .workspaceReady: "A workspace is ready"
        case .claimFailed: "A claim failed"
        case .workspaceBuildFailed: "The build of a workspace failed"
        case .workspaceDeleteFailed: "A workspace could not be deleted"
        case .workspaceExpiring: "A workspace will end soon"
        case .workspaceExpired: "A workspace is being deleted"
        case .workspaceDormant: "A workspace is dormant"
        case .presetValidationFailed: "A preset cannot be built"
        case .poolDepleted: "A pool of prebuilt workspaces is empty"
        case .poolRecovered: "A pool of prebuilt workspaces is filled again"
        case .rolloutStopped: "The roll-out of a template version was stopped"
        case .rolloutCompleted: "A template version was rolled out"
        case .workerLost: "A worker was lost"
        case .workerDrained: "A worker was drained"
        case .maintenanceStarted: "Maintenance has started"
        case .maintenanceEnded: "Maintenance has ended"
        case .webhookEndpointDisabled: "A webhook endpoint was disabled"
        case .ping: "Ping"
        case nil: Wording(stringLiteral: EventCatalogue.description(of: type).notificationName)
        }
    }

    /// The body: a few sentences, with the remedy.
    package var body: Wording {
        switch EventType(rawValue: type) {
        case .prebuildFailureLimitReached:
            """
            The number of failed prebuild attempts has reached the hard limit for template \(label("template")) and \
            preset \(label("preset")). No more prebuilds are created for it.\(lastError)

            Fix the cause and push a new version of the template, or try again with `stoker presets reset`.
            """
        case .prebuildFailureLimitResolved:
            """
            Template \(label("template")) and preset \(label("preset")): the hard limit no longer applies.\(cause)
            """
        case .workspaceResourceReplaced:
            """
            Workspace \(label("workspace")) was claimed from a prebuilt workspace by \(label("claimant")). During the \
            claim these resources were destroyed and created anew, because attributes changed that cannot change in place:

            \(replacementList)

            This slows the claim down, and what the resources held is lost. Let the template ignore changes of these \
            attributes, or make them independent of the owner.
            """
        case .claimWouldReplace:
            """
            Version \(label("template_version")) of template \(label("template")) was tried with the first prebuild of preset \
            \(label("preset")): a claim by another owner would destroy these resources and create them anew.

            \(replacementList)

            Nobody has claimed one yet. Let the template ignore changes of these attributes, or make them independent of the \
            owner, and push it again.
            """
        case .workspaceReady:
            """
            Workspace \(label("workspace")) of template \(label("template")) is ready for \(label("claimant")), \
            \(detail("seconds")) seconds after the claim.
            """
        case .claimFailed:
            """
            Workspace \(label("workspace")) of template \(label("template")), which \(label("claimant")) claimed, could not \
            be built.\(error)
            """
        case .workspaceBuildFailed:
            "The build of workspace \(label("workspace")) of template \(label("template")) failed for good.\(error)"
        case .workspaceDeleteFailed:
            """
            Workspace \(label("workspace")) of template \(label("template")) could not be deleted, and what it holds may \
            still cost.\(error)
            """
        case .workspaceExpiring:
            """
            Workspace \(label("workspace")) of template \(label("template")), which belongs to \(label("claimant")): \
            \(detail("what")) at \(detail("at")), because of \(detail("cause")). `stoker workspaces extend` moves an end, \
            and use keeps a workspace from dormancy.
            """
        case .workspaceExpired:
            """
            Workspace \(label("workspace")) of template \(label("template")), which belongs to \(label("claimant")), is \
            being deleted. The cause: \(detail("cause")).
            """
        case .workspaceDormant:
            """
            Workspace \(label("workspace")) of template \(label("template")), which belongs to \(label("claimant")), is \
            stopped. The cause: \(detail("cause")). `stoker workspaces start` wakes it.
            """
        case .presetValidationFailed:
            """
            Preset \(label("preset")) of template \(label("template")) cannot be built, and no prebuilds are created \
            for it: \(quoting: detail("message"))
            """
        case .poolDepleted:
            """
            No prebuild of template \(label("template")) and preset \(label("preset")) can be claimed, though \
            \(detail("desired")) are wanted. Claims build fresh workspaces meanwhile.
            """
        case .poolRecovered:
            switch data["how"]?.text {
            case "not_desired", "inactive":
                "Prebuilds of template \(label("template")) and preset \(label("preset")) are not wanted any more."
            default:
                """
                Prebuilds of template \(label("template")) and preset \(label("preset")) can be claimed again: \
                \(detail("eligible")) of \(detail("desired")).
                """
            }
        case .rolloutStopped:
            """
            Version \(label("template_version")) of template \(label("template")) cannot be rolled out: \
            \(quoting: detail("reason")).\(consequence)
            """
        case .rolloutCompleted:
            "Version \(label("template_version")) of template \(label("template")) has taken over all of its pools."
        case .workerLost:
            "Worker \(label("worker")) has not renewed its lease. Other workers have its jobs now: \(detail("jobs"))."
        case .workerDrained:
            "Worker \(label("worker")) claims no more jobs.\(cause) Jobs it handed back: \(detail("jobs"))."
        case .maintenanceStarted:
            "The whole fleet stops reconciling and claiming; what runs is finished.\(cause)\(end)"
        case .maintenanceEnded:
            "The fleet reconciles and claims again.\(cause)"
        case .webhookEndpointDisabled:
            """
            Endpoint \(label("endpoint")) gets no more requests: \(quoting: detail("reason")). When it is repaired, \
            `stoker webhooks test` enables it.
            """
        case .ping:
            "This is a test of the endpoint. Nothing has happened."
        case nil:
            ""
        }
    }

    private func label(_ name: String) -> String { labels[name] ?? "" }

    private func detail(_ name: String) -> String { data[name]?.text ?? "unknown" }

    private func sentence(_ introduction: Wording, _ field: String) -> Wording {
        guard let text = data[field]?.text, !text.isEmpty else { return "" }
        return "\(introduction)\(quoting: text)"
    }

    private var consequence: Wording {
        data["action"]?.text == "rollback"
            ? " The version before is active again."
            : " The old prebuilds stay, and are kept filled. Push a corrected version, or use `stoker rollouts`."
    }

    private var lastError: Wording { sentence(" The last error: ", "last_error") }
    private var error: Wording { sentence(" The error: ", "error") }
    private var cause: Wording { sentence(" Asked for by: ", "by") + sentence(" Reason: ", "reason") }
    private var end: Wording { sentence(" It ends by itself at ", "until") }

    private var replacementList: Wording {
        guard let replacements = data["replacements"]?.members else { return "" }
        let lines = replacements.sorted { $0.key < $1.key }.map { address, paths -> Wording in
            "- \(address): \(quoting: paths.joinedText)"
        }
        return lines.dropFirst().reduce(lines.first ?? "") { "\($0)\n\($1)" }
    }
}

extension JSON {
    /// An array's texts with commas; the text of any other value.
    var joinedText: String {
        guard case .array(let elements) = self else { return text ?? "" }
        return elements.compactMap(\.text).joined(separator: ", ")
    }
}
