// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Prebuilds
package import Store
package import Time

/// Show the current state of pools, jobs, workers and deliveries.
package struct ShowStatus: Operation {
    package static let route = Route(.get, "/status", .pools, for: .templateAdmin)
        .tagged(.fleet)
        .doing("Show the current state of pools, jobs, workers and deliveries")
        .answering("The fleet.", .one("Status"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> FleetStatus {
        let report = try await context.report(context.reconciliation.plan())
        return FleetStatus(plan: report, overview: try await context.store.overview())
    }
}

/// Lists the workers and what each is doing.
package struct ListWorkers: Operation {
    package static let route = Route(.get, "/workers", .workers, for: .templateAdmin)
        .doing("List the workers that run, and those that stopped within the last hour")
        .answering("Workers by state and name.", .list("Worker"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [WorkerSummary] {
        try await context.store.workers()
    }
}

/// Lists the settings of the process that answers, and where each value comes from. Secrets are masked.
package struct ListSettings: Operation {
    package static let route = Route(.get, "/settings", .settings, for: .owner)
        .doing("List the settings of the server that answers, without secrets")
        .answering("Every setting, its value, and where the value came from.", .list("Setting"))

    package func perform(in context: OperationContext) async throws -> [SettingRow] {
        context.settings()
    }
}

/// The pause or maintenance of the fleet.
package struct ShowMaintenance: Operation {
    package static let route = Route(.get, "/maintenance", .maintenance, for: .templateAdmin)
        .doing("Show whether the fleet is paused, until when, and why")
        .answering("The pause or maintenance in effect, if any.", .one("Paused"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> PauseReport {
        PauseReport(try await context.store.pause())
    }
}

/// Starts a maintenance: nothing is reconciled and no job is claimed; running jobs finish.
package struct StartMaintenance: Operation {
    /// When it ends by itself.
    package var until: Instant?
    package var reason: String?

    package static let route = Route(.post, "/maintenance", .maintenance, for: .owner)
        .doing("Start a maintenance: nothing is reconciled and no job is claimed")
        .noting("Running jobs finish.")
        .taking(Field("until", .instant, "When it ends by itself."), Field("reason", .text(most: 1000)))
        .answeringNothing("The fleet is in maintenance.")

    package init(until: Instant? = nil, reason: String? = nil) {
        self.until = until
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        try await context.requireToCome(until)
        try await context.store.pause(.maintenance, until: until, reason: reason ?? "", by: context.caller.name)
        return NoContent()
    }
}

/// Ends a maintenance: pools are reconciled and jobs are claimed again.
package struct StopMaintenance: Operation {
    package static let route = Route(.delete, "/maintenance", .maintenance, for: .owner)
        .doing("End the maintenance")
        .answeringNothing("The maintenance has ended.")

    package init() {}

    package func perform(in context: OperationContext) async throws -> NoContent {
        try await context.store.resume(.maintenance, by: context.caller.name)
        return NoContent()
    }
}

/// The pause of the fleet.
package struct PauseReport: Hashable, Sendable, Codable {
    package let paused: Bool
    package let pause: FleetPause?

    package init(_ pause: FleetPause?) {
        paused = pause != nil
        self.pause = pause
    }
}

/// The state of the fleet at a moment.
package struct FleetStatus: Hashable, Sendable, Codable {
    package let plan: PlanReport
    package let overview: Overview

    package init(plan: PlanReport, overview: Overview) {
        self.plan = plan
        self.overview = overview
    }

    package init(from decoder: any Decoder) throws {
        plan = try PlanReport(from: decoder)
        overview = try Overview(from: decoder)
    }

    /// The plan's members (`now`, `paused`, `presets`), and `jobs`, `workers`, `deliveries`.
    package func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        try overview.encode(to: encoder)
    }
}

extension Overview {
    /// Running jobs.
    package var running: Int {
        jobs.filter { $0.status != .pending }.reduce(0) { $0 + $1.count }
    }
}
