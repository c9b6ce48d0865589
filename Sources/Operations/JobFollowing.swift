// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
package import Store

extension OperationContext {
    /// The longest time between two polls.
    private static let poll = Duration.seconds(1)

    /// Passes on every line of a job's log after a given line, the existing ones too, until the job has ended; then
    /// returns the job.
    ///
    /// - Parameter body: Called with `nil` when there is nothing new, at least every second.
    package func follow(
        _ job: JobID,
        after line: Int64 = 0,
        _ body: (StoredLogLine?) async throws -> Void
    ) async throws -> JobSummary {
        try await watch.following(.job(job)) { bell in
            var last = line
            while true {
                // The status is read before the log, so that no line before the end is missed.
                let summary = try await store.job(job, visibleTo: caller.audience)
                last = try await readLines(of: job, after: last, body)
                if summary.hasEnded { return summary }
                try await body(nil)
                await bell.wait(atMost: Self.poll)
                try Task.checkCancellation()
            }
        }
    }

    /// Passes on the lines after a given one; returns the last line's id.
    private func readLines(
        of job: JobID,
        after line: Int64,
        _ body: (StoredLogLine?) async throws -> Void
    ) async throws -> Int64 {
        var last = line
        while true {
            let lines = try await store.jobLogs(of: job, after: last)
            for line in lines { try await body(line) }
            guard let newest = lines.last else { return last }
            last = newest.id
        }
    }
}
