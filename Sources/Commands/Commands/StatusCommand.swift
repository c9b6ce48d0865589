// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store

/// `stoker status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show pools, jobs, workers and deliveries on one screen."
    )

    @Flag(help: "Show it again every second, until interrupted. With --output json, one object a line.")
    var watch = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await global.withStore { store, _, settings in
            let limits = PlanLimits(settings)
            guard watch else { return try output.print(try await FleetStatus(store, limits), table: \.text) }
            while true {
                let status = try await FleetStatus(store, limits)
                switch output.format {
                case .json: try Console.print(JSONText.line(status))
                // Home, and clear what is below (ECMA-48).
                case .table: try Console.print("\u{1b}[H\u{1b}[J" + status.text)
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// The fleet at a moment.
struct FleetStatus: Encodable {
    let plan: Plan
    let overview: Overview

    init(_ store: Store, _ limits: PlanLimits) async throws {
        plan = try await store.plan(at: nil, limits: limits)
        overview = try await store.overview()
    }

    init(plan: Plan, overview: Overview) {
        self.plan = plan
        self.overview = overview
    }

    var text: String {
        let jobs = Table(
            overview.jobs,
            empty: "No jobs wait or run.",
            [.init("jobs") { $0.status }, .init("class") { $0.jobClass }, .init("count") { "\($0.count)" }]
        )
        let oldest = overview.oldestPendingSeconds
        let waits = oldest > 0 ? "\nThe oldest has waited for \(Shown.age(seconds: oldest))." : ""
        let deliveries = overview.deliveries
        return [
            "\(Instant(seconds: overview.now.seconds))",
            PlanTable(plan: plan).text,
            jobs.text + waits,
            overview.workers.table.text,
            "Webhooks: \(deliveries.backlog) waiting, \(deliveries.dead) given up.",
        ].joined(separator: "\n\n")
    }

    /// The plan's members (`now`, `paused`, `presets`), and beside them `jobs`, `workers`, `deliveries`.
    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        try overview.encode(to: encoder)
    }
}
