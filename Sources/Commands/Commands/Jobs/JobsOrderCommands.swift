// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
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

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (outcome, summary) = try await global.withStore { store, _, _ in
                (try await store.cancelJob(job), try await store.job(job))
            }
            try output.print(summary) { summary in
                switch outcome {
                case .ended: "Job \(summary.id) is canceled."
                case .requested(let worker):
                    "Job \(summary.id) is being canceled" + (worker.isEmpty ? "." : " by the worker '\(worker)'.")
                }
            }
        }
    }

    /// `stoker jobs retry`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a job that failed or was canceled back into the queue.",
            discussion: """
                It is the same build, with all its attempts again, and goes on from the last state that was stored. Only the \
                job of a workspace's latest build can be tried again.
                """
        )

        @Argument(help: "The job's id.")
        var job: JobID

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let summary = try await global.withStore { store, _, _ in
                try await store.retryJob(job)
                return try await store.job(job)
            }
            try output.print(summary) { "Job \($0.id) waits for a worker again." }
        }
    }
}
