// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
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
        try await woken(for: job) { bell in
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

    /// Runs the body with a bell that rings when the job has news.
    private func woken<Result>(for job: JobID, _ body: (Doorbell) async throws -> Result) async throws -> Result {
        let bell = Doorbell()
        let listener = PostgresListener(
            configuration: address.directConfiguration,
            channels: [Channel.logs, Channel.finished],
            logger: Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        // Both end when canceled; until then a failure to listen costs latency alone.
        let listening = Task { try await listener.run() }
        let ringing = Task {
            for await event in listener.events {
                if case .notification(_, let payload) = event, payload != "\(job)" { continue }
                bell.ring()
            }
        }
        defer {
            listening.cancel()
            ringing.cancel()
        }
        return try await body(bell)
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
