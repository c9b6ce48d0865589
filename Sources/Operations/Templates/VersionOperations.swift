// SPDX-License-Identifier: Apache-2.0

package import Store

/// The versions of a template, newest first.
package struct ListTemplateVersions: Operation {
    package var template: String

    package static let route = Route(
        .get,
        "/templates/{template}/versions",
        .templates,
        for: .templateAdmin,
        [templateField]
    )

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> [TemplateVersionSummary] {
        try await context.store.templateVersions(of: template)
    }
}

/// Makes a version the active one: pools are kept of it from now on, and claims get it.
package struct PromoteTemplateVersion: Operation {
    package var template: String
    /// Its name or id; of several of one name the newest.
    package var version: String

    package static let route = Route(
        .post,
        "/templates/{template}/promote",
        .templates,
        for: .templateAdmin,
        [templateField, Field("version", .text(most: 64), required: true)]
    )

    package init(template: String, version: String) {
        self.template = template
        self.version = version
    }

    package func perform(in context: OperationContext) async throws -> TemplateVersionSummary {
        try await context.store.promote(version, of: template)
    }
}

/// Lets nobody claim a template any more, and empties its pools; workspaces that people have stay.
package struct DeprecateTemplate: Operation {
    package var template: String
    /// What people read who want to claim it; `nil`: ``usualMessage``.
    package var message: String?
    /// Takes it back.
    package var undo: Bool?

    package static let usualMessage = "it is not offered any more"

    package static let route = Route(
        .post,
        "/templates/{template}/deprecate",
        .templates,
        for: .templateAdmin,
        status: 204,
        [templateField, Field("message", .text(most: 1000)), Field("undo", .flag)]
    )

    package init(template: String, message: String? = nil, undo: Bool? = nil) {
        self.template = template
        self.message = message
        self.undo = undo
    }

    package func perform(in context: OperationContext) async throws -> Nothing {
        let isUndone = undo ?? false
        guard message?.isEmpty != true, !isUndone || message == nil else {
            throw Refusal(
                .invalid,
                isUndone ? "What is taken back has no message" : "The message has no words",
                remedy: "Leave it out, or say in it what people shall read."
            )
        }
        let text = isUndone ? "" : message ?? Self.usualMessage
        try await context.store.deprecateTemplate(template, message: text)
        return Nothing()
    }
}

/// Deletes a template and empties its pools; refused while people have workspaces of it.
package struct DeleteTemplate: Operation {
    package var template: String

    package static let route = Route(
        .delete,
        "/templates/{template}",
        .templates,
        for: .templateAdmin,
        status: 204,
        [templateField]
    )

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> Nothing {
        try await context.store.deleteTemplate(template)
        return Nothing()
    }
}

private let templateField = Field("template", .text(most: 64), required: true)
