// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store

/// `stoker workers`
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List, drain and resume workers.",
        subcommands: [List.self, Drain.self, Resume.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the running workers, and those that ended within the last hour."
        )

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListWorkers())
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drain a worker: it claims no more jobs.",
            discussion: """
                Its readiness goes off, and it claims no job and reconciles nothing from now on. What it runs goes on until \
                the deadline, and is then handed to other workers with its state. The process stays up; \
                'stoker workers resume' has it work again.
                """
        )

        @Argument(help: "The worker's name, or its id. All workers that share the name are drained.")
        var worker: String

        @Option(help: "How long running jobs may go on, such as 20m. Default: worker.drain_deadline.")
        var deadline: DurationArgument?

        @Flag(help: "Wait until the worker runs no job.")
        var wait = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let drained = try await control.withControl { control in
                let drained = try await control.perform(DrainWorkers(worker: worker, deadline: deadline?.seconds))
                return wait ? try await control.waitForDrain(of: drained.map(\.id)) : drained
            }
            try output.print(drained) { $0.text }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Resume a worker that was drained by command and still runs."
        )

        @Argument(help: "The worker's name, or its id.")
        var worker: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ResumeWorkers(worker: worker))
        }
    }
}

extension Control {
    /// Returns the workers when they run nothing and are drained, or gone. Throws when one of them was resumed
    /// meanwhile.
    fileprivate func waitForDrain(of ids: [WorkerID]) async throws -> [WorkerSummary] {
        try await WaitDisplay.untilOver(every: .milliseconds(250)) {
            let named = try await perform(ListWorkers()).filter { ids.contains($0.id) }
            let workers = named.filter { $0.leaseRemainingSeconds > 0 }
            if let resumed = workers.first(where: { $0.state == .active }) {
                throw CommandError("the worker '\(resumed.name)' was resumed before it had drained")
            }
            // An idle worker must still report that it is drained.
            let isOver = workers.allSatisfy { $0.state != .draining && $0.running == 0 }
            let running = workers.reduce(0) { $0 + $1.running }
            return (isOver ? named : nil, running, " on \(workers.map(\.name).joined(separator: ", "))")
        }
    }
}

extension WorkerSummary: TableRow {
    static let whenNone = "No worker is up. Start one with 'stoker worker'."
    static let unasked = "no template and no job asks for its tags"

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name },
            .init("state") { $0.state.text },
            .init("slots") { "\($0.running)/\($0.capacity)" },
            .init("lease") {
                $0.leaseRemainingSeconds > 0 ? Shown.age(seconds: $0.leaseRemainingSeconds) : "ended"
            },
            .init("tags") { $0.tags.text },
            .init("version") { $0.version },
            .init("why") { $0.stateReason.isEmpty && !$0.isAskedFor ? Self.unasked : $0.stateReason },
            .init("id") { "\($0.id)" },
        ]
    }
}
