// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds
package import Store
package import Time

/// Show the current state of pools, jobs, workers and deliveries.
package struct ShowStatus: Operation {
    package static let route = Route(.get, "/status", .pools, for: .templateAdmin)

    package init() {}

    package func perform(in context: OperationContext) async throws -> FleetStatus {
        let report = try await context.report(context.reconciliation.plan())
        return FleetStatus(plan: report, overview: try await context.store.overview())
    }
}

package struct ListWorkers: Operation {
    package static let route = Route(.get, "/workers", .workers, for: .templateAdmin)

    package init() {}

    package func perform(in context: OperationContext) async throws -> [WorkerSummary] {
        try await context.store.workers()
    }
}

package struct ListSettings: Operation {
    package static let route = Route(.get, "/settings", .settings, for: .owner)

    package init() {}

    package func perform(in context: OperationContext) async throws -> [SettingRow] {
        context.settings()
    }
}

/// The pause or maintenance of the fleet.
package struct ShowMaintenance: Operation {
    package static let route = Route(.get, "/maintenance", .maintenance, for: .templateAdmin)

    package init() {}

    package func perform(in context: OperationContext) async throws -> PauseReport {
        PauseReport(try await context.reconciliation.plan(warning: false).pause)
    }
}

/// Starts a maintenance: nothing is reconciled and no job is claimed; running jobs finish.
package struct StartMaintenance: Operation {
    /// When it ends by itself.
    package var until: Instant?
    package var reason: String?

    package static let route = Route(
        .post,
        "/maintenance",
        .maintenance,
        for: .owner,
        status: 204,
        [Field("until", .instant), Field("reason", .text(most: 1000))]
    )

    package init(until: Instant? = nil, reason: String? = nil) {
        self.until = until
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> Nothing {
        try await context.requireToCome(until)
        try await context.store.pause(.maintenance, until: until, reason: reason ?? "", by: context.caller.name)
        return Nothing()
    }
}

package struct StopMaintenance: Operation {
    package static let route = Route(.delete, "/maintenance", .maintenance, for: .owner, status: 204)

    package init() {}

    package func perform(in context: OperationContext) async throws -> Nothing {
        try await context.store.resume(.maintenance, by: context.caller.name)
        return Nothing()
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
        jobs.filter { $0.status != JobStatus.pending.rawValue }.reduce(0) { $0 + $1.count }
    }
}
