// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store
import Time

/// `stoker status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show pools, jobs, workers and deliveries on one screen."
    )

    @Flag(
        help: """
            Repeat every second until interrupted, on a terminal as much as fits. With --output json, each line is one \
            object.
            """
    )
    var watch = false

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await control.withControl { control in
            guard watch else { return try output.print(try await control.perform(ShowStatus()), table: \.text) }
            while true {
                let status = try await control.perform(ShowStatus())
                switch output.format {
                case .json: try Console.print(JSONText.line(status))
                case .table:
                    // A pipe gets whole states, one after the other.
                    if let screen = Host.screen {
                        try Console.repaint(status.text, on: screen)
                    } else {
                        try Console.print(status.text + "\n")
                    }
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

extension UnservedTags: TableRow {
    static let whenNone = "Workers have all tags that are asked for."

    static var columns: [Table.Column<Self>] {
        [
            .init("tags") { $0.tags.text },
            .init("organization") { $0.organizationName },
            .init("waiting jobs") { "\($0.jobs)" },
            .init("oldest") { $0.jobs == 0 ? "" : Shown.age(seconds: $0.oldestSeconds) },
            .init("templates") { $0.templates.joined(separator: ", ") },
        ]
    }
}

extension FleetStatus {
    var text: String {
        let jobs = Table(
            overview.jobs,
            empty: "No jobs wait or run.",
            [.init("jobs") { $0.status.text }, .init("class") { $0.jobClass.text }, .init("count") { "\($0.count)" }]
        )
        let oldest = overview.oldestPendingSeconds
        let waits = oldest > 0 ? "\nThe oldest has waited for \(Shown.age(seconds: oldest))." : ""
        let deliveries = overview.deliveries
        let unserved = overview.unservedTags.isEmpty ? [] : ["No worker has these tags:\n" + overview.unservedTags.text]
        let sections = [
            Shown.time(overview.now),
            PlanTable(plan: plan).text,
            jobs.text + waits,
            overview.workers.text,
            "Webhooks: \(deliveries.backlog) waiting, \(deliveries.dead) given up.",
        ]
        return (sections + unserved).joined(separator: "\n\n")
    }
}
