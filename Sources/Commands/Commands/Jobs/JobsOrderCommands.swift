// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

extension JobsCommand {
    /// `stoker jobs cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a job, or all jobs that a filter selects.",
            discussion: """
                One that waits ends at once; a prebuild that it was to make is removed. One that runs is interrupted by its \
                worker, and its state is kept.
                """
        )

        @OptionGroup var order: JobOrderOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            guard let job = order.job else {
                let operation = CancelJobs(filter: order.selection.filter, limit: order.limit)
                return try await control.report(operation) { $0.text("canceled, or about to be") }
            }
            let summary = try await control.control.withControl { try await $0.perform(CancelJob(job: $0.job(job))) }
            try control.output.print(summary) { summary in
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
            abstract: "Put a failed or canceled job, or all that a filter selects, back into the queue.",
            discussion: """
                It is the same build, with all its attempts again, and goes on from the last state that was stored. Only the \
                job of a workspace's latest build can be tried again.
                """
        )

        @OptionGroup var order: JobOrderOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            guard let job = order.job else {
                let operation = RetryJobs(filter: order.selection.filter, limit: order.limit)
                return try await control.report(operation) { $0.text("waiting for a worker again") }
            }
            let summary = try await control.control.withControl { try await $0.perform(RetryJob(job: $0.job(job))) }
            try control.output.print(summary) { "Job \($0.id) waits for a worker again." }
        }
    }
}

extension JobBatch {
    fileprivate func text(_ state: String) -> String {
        let count = jobs.count == 1 ? "1 job is" : "\(jobs.count) jobs are"
        return "\(count) \(state)." + (isCut ? " There are more: run it again, or with a larger --limit." : "")
    }
}
