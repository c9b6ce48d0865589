// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Worker

/// Follows one job to its end: woken by its notifications, and looking by itself in case one is lost.
struct JobWatch {
    let store: Store
    let address: DatabaseAddress

    /// How long it trusts that nothing has happened.
    private static let poll = Duration.seconds(1)

    /// Passes on every line of the job's log, the earlier ones too, until the job has ended.
    func follow(_ job: JobID, _ line: (StoredLogLine) throws -> Void) async throws -> JobSummary {
        let channels = [Channel.logs, Channel.finished]
        return try await Doorbell.ringing(for: channels, of: address, where: { $0 == "\(job)" }) { bell in
            var last: Int64 = 0
            while true {
                // First the status, then the log: what was written before the end is read before it returns.
                let summary = try await store.job(job)
                last = try await readLines(of: job, after: last, line)
                if summary.hasEnded { return summary }
                await bell.wait(atMost: Self.poll)
                try Task.checkCancellation()
            }
        }
    }

    /// Waits for the job's end. Throws ``CommandError`` when it did not succeed.
    func waitForEnd(of job: JobID) async throws -> JobSummary {
        try await follow(job) { _ in }.requireSuccess()
    }

    /// Passes on what the log holds behind a line; returns the last line's id.
    func readLines(of job: JobID, after line: Int64, _ body: (StoredLogLine) throws -> Void) async throws -> Int64 {
        var last = line
        while true {
            let lines = try await store.jobLogs(of: job, after: last)
            for line in lines { try body(line) }
            guard let newest = lines.last else { return last }
            last = newest.id
        }
    }
}

extension JobSummary {
    var hasEnded: Bool { [JobStatus.succeeded, .canceled, .failed].contains { $0.rawValue == status } }

    /// Throws ``CommandError`` with the job's own error unless it succeeded.
    @discardableResult
    func requireSuccess() throws -> Self {
        guard status != JobStatus.succeeded.rawValue else { return self }
        let what = type == .workspaceBuild ? "the build" : "the import"
        throw CommandError(
            error.isEmpty ? "\(what) was \(status)" : "\(what) \(status == "failed" ? "failed" : status): \(error)",
            remedy: "See 'stoker jobs logs \(id)'."
        )
    }
}
