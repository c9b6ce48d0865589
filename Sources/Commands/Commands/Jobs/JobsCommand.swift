// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
package import Domain
import Operations
import Store
import Time

/// `stoker jobs`
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, show, follow, cancel and retry jobs.",
        subcommands: [List.self, Show.self, Logs.self, Cancel.self, Retry.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the jobs, newest first.")

        @OptionGroup var selection: JobFilterOptions
        @OptionGroup var count: CountOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListJobs(filter: selection.filter), limit: count.limit)
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a job's log.",
            discussion: """
                With --output json, each line is a JSON object of its own.

                With --follow, what the job waits for is said on standard error, and how it ended. The exit code is the \
                job's: 0 when it succeeded, 1 when it failed or was canceled.
                """
        )

        @Argument(help: "The job's id, or its first digits.")
        var job: ShortID<Kind.Job>

        @Flag(help: "Print new lines as they come, until the job has ended.")
        var follow = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await control.withControl { control in
                let print = LogPrinter(format: output.format).print
                let job = try await control.job(job)
                if follow {
                    let waiting = JobWaiting(control: control, display: WaitDisplay())
                    try await waiting.follow(job, print).requireSuccess()
                } else {
                    try await control.list(ReadLog(job: job)).forEach(print)
                }
            }
        }
    }
}

extension JobStatus: ExpressibleByArgument {}

extension Identifier: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}

extension JobSummary: TableRow {
    static let whenNone = "There are no such jobs."

    static var columns: [Table.Column<Self>] {
        [
            .init("id") { "\($0.id)" },
            .init("what") { $0.type == .workspaceBuild ? $0.transition.text : "import" },
            .init("status") { $0.status.text },
            .init("class") { $0.jobClass.text },
            .init("template") { $0.templateName + ($0.presetName.isEmpty ? "" : "/\($0.presetName)") },
            .init("workspace") { $0.workspaceName },
            .init("worker") { $0.workerName },
            .init("attempt") { "\($0.attempt)" },
            .init("created") { Shown.time($0.createdAt) },
            .init("age") { Shown.age(of: $0.createdAt) },
            .init("took") { Shown.span(from: $0.startedAt, to: $0.completedAt) },
            .init("error") { $0.errorCode },
        ]
    }
}
