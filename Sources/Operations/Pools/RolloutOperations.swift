// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// Lists roll-outs, the newest first.
package struct ListRollouts: Operation {
    /// Only those of this template.
    package var template: String?
    /// How many at most; `nil`: 100.
    package var limit: Int?

    package static let route = Route(.get, "/rollouts", .pools, for: .templateAdmin)
        .doing("List the roll-outs of versions, newest first")
        .taking(
            Field("template", .text(most: 64), "Only its roll-outs."),
            Field("limit", .integer(1...10_000), default: .integer(100))
        )
        .answering("Roll-outs.", .list("Rollout"))

    package init(template: String? = nil, limit: Int? = nil) {
        self.template = template
        self.limit = limit
    }

    package func perform(in context: OperationContext) async throws -> [RolloutSummary] {
        try await context.store.rollouts(of: template, limit: limit ?? 100)
    }
}

/// A template's roll-out that has not ended, or the last one.
package struct ShowRollout: Operation {
    package var template: String

    package static let route = Route(.get, "/rollouts/{template}", .pools, for: .templateAdmin)
        .doing("Show a template's roll-out: the one that has not ended, or the last one")
        .taking(templateField)
        .answering("The roll-out, and the pools that it hands over.", .one("Rollout"))

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> RolloutSummary {
        try await context.store.rollout(of: template)
    }
}

/// Stops a roll-out where it is.
package struct PauseRollout: Operation {
    package var template: String
    package var reason: String?

    package static let route = Route(.post, "/rollouts/{template}/pause", .pools, for: .templateAdmin)
        .doing("Stop a roll-out where it is")
        .noting("The old pool stays, and is kept filled.")
        .taking(templateField, Field("reason", .text(most: 1000), "Why; it is shown."))
        .answering("The roll-out.", .one("Rollout"))

    package init(template: String, reason: String? = nil) {
        self.template = template
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> RolloutSummary {
        try await context.store.pauseRollout(of: template, reason: reason ?? "")
    }
}

/// Lets a roll-out go on that is paused or held.
package struct ResumeRollout: Operation {
    package var template: String

    package static let route = Route(.post, "/rollouts/{template}/resume", .pools, for: .templateAdmin)
        .doing("Let a roll-out go on that is paused or held")
        .noting("Its deadline counts from now, and failures of the template's presets are forgotten.")
        .taking(templateField)
        .answering("The roll-out.", .one("Rollout"))

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> RolloutSummary {
        try await context.store.resumeRollout(of: template, by: context.caller.name)
    }
}

/// Promotes the version again that was proven before a roll-out.
package struct RollBackRollout: Operation {
    package var template: String

    package static let route = Route(.post, "/rollouts/{template}/rollback", .pools, for: .templateAdmin)
        .doing("Take a roll-out back: the version that was proven before it is promoted again")
        .noting("What is ready of either version serves claims meanwhile.")
        .taking(templateField)
        .answering("The roll-out back, or the one that was taken back when nothing is left to do.", .one("Rollout"))

    package init(template: String) {
        self.template = template
    }

    package func perform(in context: OperationContext) async throws -> RolloutSummary {
        try await context.store.rollBack(template, by: context.caller.name)
    }
}

private let templateField = Field("template", .text(least: 1, most: 64), "Its name.", required: true)
