// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

/// `stoker workers`
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "The processes that run jobs.",
        subcommands: [List.self, Drain.self, Resume.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the workers that are up, and those that went within the last hour."
        )

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let workers = try await control.ask(ListWorkers())
            try output.print(workers) { $0.table.text }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a worker take on nothing new.",
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

        @Flag(help: "Wait until the worker runs nothing any more.")
        var wait = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let drained = try await control.withControl { control in
                let seconds = deadline.map { Int($0.duration.components.seconds) }
                let drained = try await control.perform(DrainWorkers(worker: worker, deadline: seconds))
                return wait ? try await control.waitForDrain(of: drained.map(\.id)) : drained
            }
            try output.print(drained) { $0.table.text }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a worker that was drained by command, and is still up, work again."
        )

        @Argument(help: "The worker's name, or its id.")
        var worker: String

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let resumed = try await control.ask(ResumeWorkers(worker: worker))
            try output.print(resumed) { $0.table.text }
        }
    }
}

extension Control {
    /// Returns the workers when they have nothing in hand and know that they are drained, or are gone. Throws when one of
    /// them was resumed meanwhile.
    fileprivate func waitForDrain(of ids: [WorkerID]) async throws -> [WorkerSummary] {
        let display = WaitDisplay()
        defer { display.end() }
        let began = ContinuousClock.now
        while true {
            let named = try await perform(ListWorkers()).filter { ids.contains($0.id) }
            let workers = named.filter { $0.leaseRemainingSeconds > 0 }
            if let resumed = workers.first(where: { $0.state == WorkerState.active.rawValue }) {
                throw CommandError("the worker '\(resumed.name)' was resumed before it had drained")
            }
            if workers.allSatisfy({ $0.state != WorkerState.draining.rawValue && $0.running == 0 }) { return named }
            let running = workers.reduce(0) { $0 + $1.running }
            let jobs = running == 1 ? "1 job still runs" : "\(running) jobs still run"
            // A worker that runs nothing has yet to say that it is drained.
            if running > 0 {
                display.tell([WaitReason("running", "\(jobs) on \(workers.map(\.name).joined(separator: ", "))")])
            }
            display.show("Waiting \(Elapsed.text(began.duration(to: .now))): \(jobs)")
            try await Task.sleep(for: .milliseconds(250))
        }
    }
}

/// A duration as settings write it.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = DurationNotation.read(argument) else { return nil }
        self.duration = duration
    }
}

extension [WorkerSummary] {
    var table: Table {
        Table(
            self,
            empty: "No worker is up. Start one with 'stoker worker'.",
            [
                .init("name") { $0.name },
                .init("state") { $0.state },
                .init("slots") { "\($0.running)/\($0.capacity)" },
                .init("lease") {
                    $0.leaseRemainingSeconds > 0 ? Shown.age(seconds: $0.leaseRemainingSeconds) : "ended"
                },
                .init("version") { $0.version },
                .init("why") { $0.stateReason },
                .init("id") { "\($0.id)" },
            ]
        )
    }
}
