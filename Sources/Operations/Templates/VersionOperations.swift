// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// The versions of a template, newest first.
package struct ListTemplateVersions: Operation {
    package var template: String

    package static let route = Route(.get, "/templates/{template}/versions", .templates, for: .templateAdmin)
        .doing("List the versions of a template, newest first")
        .taking(templateField)
        .answering("Versions, and how their imports ended.", .list("TemplateVersion"))

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> [TemplateVersionSummary] {
        try await context.store.templateVersions(of: template)
    }
}

/// Promotes a version to the active one: pools and claims use it from now on.
package struct PromoteTemplateVersion: Operation {
    package var template: String
    /// Its name or id; the newest of several with one name.
    package var version: String

    package static let route = Route(.post, "/templates/{template}/promote", .templates, for: .templateAdmin)
        .doing("Make a version the active one")
        .noting("Pools and new claims use it from now on.")
        .taking(
            templateField,
            Field("version", .text(most: 64), "Its name or id; of several with the name, the newest.", required: true)
        )
        .answering("The version, now active.", .one("TemplateVersion"))

    package init(template: String, version: String) {
        self.template = template
        self.version = version
    }

    package func perform(in context: OperationContext) async throws -> TemplateVersionSummary {
        try await context.store.promote(version, of: template)
    }
}

/// Deprecates a template: it cannot be claimed, and its pools are emptied; users' workspaces stay.
package struct DeprecateTemplate: Operation {
    package var template: String
    /// The message for users who want to claim it; `nil`: ``usualMessage``.
    package var message: String?
    /// Undoes it.
    package var undo: Bool?

    package static let usualMessage = "it is not offered any more"

    package static let route = Route(.post, "/templates/{template}/deprecate", .templates, for: .templateAdmin)
        .doing("Deprecate a template: it can no longer be claimed, and its pools are emptied")
        .noting("Workspaces that people own stay.")
        .taking(
            templateField,
            Field("message", .text(least: 1, most: 1000), "The message for users who want to claim it."),
            Field("undo", .flag, "Undo the deprecation. Not together with a message.", default: .flag(false))
        )
        .answeringNothing("The template is deprecated; with `undo`, it no longer is.")

    package init(template: String, message: String? = nil, undo: Bool? = nil) {
        self.template = template
        self.message = message
        self.undo = undo
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        let isUndone = undo ?? false
        guard message?.isEmpty != true, !isUndone || message == nil else {
            throw Refusal(
                .invalid,
                isUndone ? "A message cannot be given together with undo" : "The message is empty",
                remedy: "Leave it out, or give a message."
            )
        }
        let text = isUndone ? "" : message ?? Self.usualMessage
        try await context.store.deprecateTemplate(template, message: text)
        return NoContent()
    }
}

/// Deletes a template and empties its pools; refused while users have workspaces of it.
package struct DeleteTemplate: Operation {
    package var template: String

    package static let route = Route(.delete, "/templates/{template}", .templates, for: .templateAdmin)
        .doing("Delete a template and empty its pools")
        .noting("Refused while people own workspaces of it.")
        .taking(templateField)
        .answeringNothing("The template is deleted.")

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        try await context.store.deleteTemplate(template)
        return NoContent()
    }
}

/// Sets or takes away a template's cap.
package struct SetTemplate: Operation {
    package var template: String
    package var maxConcurrentBuilds: Int?
    /// The limits to take away.
    package var unset: [TemplateLimit]?

    private enum CodingKeys: String, CodingKey {
        case template, unset
        case maxConcurrentBuilds = "max_concurrent_builds"
    }

    package static let route = Route(.post, "/templates/{template}", .templates, for: .templateAdmin)
        .doing("Set or take away a template's cap")
        .noting("Builds that run above a new cap end as they began.")
        .taking(
            templateField,
            capField,
            Field("unset", .choices(of: TemplateLimit.self), "The limits to take away.")
        )
        .answeringNothing("The cap holds for the next claims of jobs.")

    package init(template: String, maxConcurrentBuilds: Int? = nil, unset: [TemplateLimit]? = nil) {
        self.template = template
        self.maxConcurrentBuilds = maxConcurrentBuilds
        self.unset = unset
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        let unset = Set((unset ?? []).map(\.rawValue))
        let cap = try LimitChange("max_concurrent_builds", maxConcurrentBuilds, unset: unset)
        guard cap != .unchanged else { throw Refusal.nothingToChange }
        try await context.store.capTemplate(template, cap)
        return NoContent()
    }
}

/// The limits of a template that can be taken away.
package enum TemplateLimit: String, CaseIterable, Codable, Sendable {
    case maxConcurrentBuilds = "max_concurrent_builds"
}

private let templateField = Field("template", .text(least: 1, most: 64), "Its name.", required: true)
