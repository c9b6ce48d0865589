// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

extension JobsCommand {
    /// `stoker jobs cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a job.",
            discussion: """
                One that waits ends at once; a prebuild that it was to make is removed. One that runs is interrupted by its \
                worker, and its state is kept.
                """
        )

        @Argument(help: "The job's id.")
        var job: JobID

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(CancelJob(job: job)) { summary in
                summary.hasEnded
                    ? "Job \(summary.id) is canceled."
                    : "Job \(summary.id) is being canceled"
                        + (summary.workerName.isEmpty ? "." : " by the worker '\(summary.workerName)'.")
            }
        }
    }

    /// `stoker jobs retry`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a failed or canceled job back into the queue.",
            discussion: """
                It is the same build, with all its attempts again, and goes on from the last state that was stored. Only the \
                job of a workspace's latest build can be tried again.
                """
        )

        @Argument(help: "The job's id.")
        var job: JobID

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(RetryJob(job: job)) { "Job \($0.id) waits for a worker again." }
        }
    }
}
