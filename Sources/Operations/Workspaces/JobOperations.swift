// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store

/// Lists jobs, newest first, page by page.
package struct ListJobs: PagedOperation {
    package typealias Element = JobSummary

    package var filter: JobFilter
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/jobs", .jobs, for: .member)
        .doing("List the jobs that the caller may see, newest first")
        .taking(JobFilter.fields + Cursor.fields)
        .answering("A page of jobs.", .page("Job"))

    private enum CodingKeys: String, CodingKey { case limit, cursor }

    package init(filter: JobFilter = JobFilter(), limit: Int? = nil, cursor: String? = nil) {
        self.filter = filter
        self.limit = limit
        self.cursor = cursor
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            filter: try JobFilter(from: decoder),
            limit: try container.decodeIfPresent(Int.self, forKey: .limit),
            cursor: try container.decodeIfPresent(String.self, forKey: .cursor)
        )
    }

    /// The filter's members, `limit` and `cursor`.
    package func encode(to encoder: any Encoder) throws {
        try filter.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(limit, forKey: .limit)
        try container.encodeIfPresent(cursor, forKey: .cursor)
    }

    package func perform(in context: OperationContext) async throws -> Page<JobSummary> {
        try await Cursor.page(limit, cursor) { mark, limit in
            try await context.store.jobs(
                filter.selection,
                visibleTo: context.caller.audience,
                after: mark,
                limit: limit
            )
        } mark: {
            PageMark(createdAt: $0.createdAt, id: $0.id)
        }
    }
}

/// Shows a job, and while it is pending why it does not run.
package struct ShowJob: Operation {
    package var job: JobID

    package static let route = Route(.get, "/jobs/{job}", .jobs, for: .member)
        .doing("Show a job")
        .noting(", of their own workspaces.")
        .taking(jobField)
        .answering("The job.", .one("JobReport"))

    package init(job: JobID) {
        self.job = job
    }

    package func perform(in context: OperationContext) async throws -> JobReport {
        let found = try await context.store.job(job, visibleTo: context.caller.audience)
        return JobReport(job: found, waits: try await context.store.pendingReasons(of: job))
    }
}

/// A part of a job's log, from the beginning or after a line.
package struct ReadLog: PagedOperation {
    package typealias Element = StoredLogLine

    package var job: JobID
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/jobs/{job}/logs", .jobs, for: .member)
        .doing("Read a job's log")
        .noting(", of their own workspaces.")
        .taking([jobField] + Cursor.fields)
        .answering("A page of lines.", .page("LogLine"))

    package init(job: JobID, limit: Int? = nil, cursor: String? = nil) {
        self.job = job
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<StoredLogLine> {
        let limit = limit ?? 1000
        let line = try cursor.map { cursor throws(Refusal) in try FollowLog.line(cursor) } ?? 0
        _ = try await context.store.job(job, visibleTo: context.caller.audience)
        let lines = try await context.store.jobLogs(of: job, after: line, limit: limit + 1)
        let page = Array(lines.prefix(limit))
        return Page(page, next: lines.count > limit ? page.last.map { "\($0.id)" } : nil)
    }
}

/// A job's log as it grows, until the job has ended. It is streamed, so it is not an ``Operation``.
package struct FollowLog: Sendable {
    package static let route = Route(.get, "/jobs/{job}/logs/stream", .jobs, for: .member)
        .doing("Follow a job's log until the job has ended")
        .noting(
            """
            , of their own workspaces. Server-sent events: each line as `data`, as the schema LogLine, with its `id`; then \
            the job as the event `end`. A stream that ends before went with its server: ask again, with the last id as \
            `Last-Event-ID`.
            """
        )
        .taking(jobField, Field("cursor", .text(most: 20), in: .header(.lastEventID), pattern: "^[0-9]{1,18}$"))
        .answering("The log.", .events("LogEvent"))

    /// Reads the id of a line. Throws ``Refusal`` when it is invalid.
    package static func line(_ cursor: String) throws(Refusal) -> Int64 {
        guard let line = Int64(cursor), line >= 0 else {
            throw Refusal(.invalid, "'\(cursor)' is not the id of a line", remedy: "Begin without one.")
        }
        return line
    }
}

let jobField = Field("job", .identifier, "Its id.", required: true)
