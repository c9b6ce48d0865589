// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
package import Store
package import Time

/// Lists prebuilds that nobody has claimed yet.
package struct ListPrebuilds: Operation {
    /// Only those of this template.
    package var template: String?
    package var preset: String?
    /// How many at most; `nil`: 1000.
    package var limit: Int?

    package static let route = Route(.get, "/prebuilds", .pools, for: .templateAdmin)
        .doing("List the prebuilds, and mark those that can be claimed")
        .taking(
            Field("template", .text(most: 64), "Only its prebuilds."),
            Field("preset", .text(most: 128), "Only those of a preset with this name."),
            Field("limit", .integer(1...1_000_000), default: .integer(1000))
        )
        .answering("Prebuilds by template, preset and age.", .list("Prebuild"))

    package init(template: String? = nil, preset: String? = nil, limit: Int? = nil) {
        self.template = template
        self.preset = preset
        self.limit = limit
    }

    package func perform(in context: OperationContext) async throws -> [PrebuildSummary] {
        try await context.store.prebuilds(of: template, preset: preset, limit: limit ?? 1000)
    }
}

/// Pauses all pools, or those of a template.
package struct PausePrebuilds: Operation {
    package var template: String?
    /// When it ends by itself.
    package var until: Instant?
    package var reason: String?

    package static let route = Route(.post, "/prebuilds/pause", .pools, for: .templateAdmin)
        .doing("Pause all pools, or those of one template")
        .noting("Claims still get the prebuilds that exist.")
        .taking(
            Field("template", .text(most: 64), "Only the pools of this template."),
            Field("until", .instant, "When it ends by itself."),
            Field("reason", .text(most: 1000), "Only with a pause of all pools.")
        )
        .answeringNothing("The pools are paused.")

    package init(template: String? = nil, until: Instant? = nil, reason: String? = nil) {
        self.template = template
        self.until = until
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        try await context.requireToCome(until)
        if let template {
            guard reason?.isEmpty ?? true else {
                throw Refusal(.invalid, "A reason is for a pause of all pools")
            }
            try await context.store.pauseTemplate(template, until: until)
        } else {
            try await context.store.pause(.reconciliation, until: until, reason: reason ?? "", by: context.caller.name)
        }
        return NoContent()
    }
}

/// Ends a pause of all pools, or of a template's.
package struct ResumePrebuilds: Operation {
    package var template: String?

    package static let route = Route(.post, "/prebuilds/resume", .pools, for: .templateAdmin)
        .doing("Resume all pools, or those of one template")
        .taking(Field("template", .text(most: 64)))
        .answeringNothing("The pools are reconciled again.")

    package init(template: String? = nil) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        if let template {
            try await context.store.resumeTemplate(template)
        } else {
            try await context.store.resume(.reconciliation, by: context.caller.name)
        }
        return NoContent()
    }
}
