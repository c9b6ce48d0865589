// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
package import Store

/// Cancels the jobs of a filter that have not ended.
package struct CancelJobs: Operation {
    package var filter: JobFilter
    /// How many at most; `nil`: 100.
    package var limit: Int?

    package static let route = Route(.post, "/job-batches/cancel", .jobs, for: .member)
        .doing("Cancel the jobs of a filter that have not ended, all or none")
        .noting(", of their own workspaces. At least one filter is given. The oldest come first.")
        .taking(JobFilter.fields + [JobBatch.limit])
        .answering("The jobs, canceled or about to be canceled.", .one("JobBatch"))

    package init(filter: JobFilter, limit: Int? = nil) {
        self.filter = filter
        self.limit = limit
    }

    package func perform(in context: OperationContext) async throws -> JobBatch {
        try filter.require { !$0.hasEnded && $0 != .canceling }
        return try await context.store.cancelJobs(
            filter.selection,
            visibleTo: context.caller.audience,
            limit: limit ?? JobBatch.usual
        )
    }
}

/// Puts the failed and canceled jobs of a filter back into the queue.
package struct RetryJobs: Operation {
    package var filter: JobFilter
    /// How many at most; `nil`: 100.
    package var limit: Int?

    package static let route = Route(.post, "/job-batches/retry", .jobs, for: .member)
        .doing("Put the failed and canceled jobs of a filter back into the queue, all or none")
        .noting(
            """
            , of their own workspaces. At least one filter is given. Jobs of deleted workspaces, and of workspaces with a later \
            build, stay as they are. The newest come first.
            """
        )
        .taking(JobFilter.fields + [JobBatch.limit])
        .answering("The jobs, in the queue again.", .one("JobBatch"))

    package init(filter: JobFilter, limit: Int? = nil) {
        self.filter = filter
        self.limit = limit
    }

    package func perform(in context: OperationContext) async throws -> JobBatch {
        try filter.require(\.isRetriable)
        return try await context.store.retryJobs(
            filter.selection,
            visibleTo: context.caller.audience,
            limit: limit ?? JobBatch.usual
        )
    }
}

extension JobBatch {
    /// How many jobs are changed at once, unless it is said.
    fileprivate static let usual = 100
    fileprivate static let limit = Field("limit", .integer(1...1000), "The most jobs.", default: .integer(usual))
}

extension JobFilter {
    /// Throws ``Refusal`` for a filter that selects everything, or by its status nothing.
    fileprivate func require(_ fits: (JobStatus) -> Bool) throws(Refusal) {
        guard !isEmpty else {
            throw Refusal(.invalid, "No filter is given", remedy: "Name the status, the template or another part.")
        }
        if let status, !fits(status) {
            let fitting = JobStatus.allCases.filter(fits).map(\.rawValue).joined(separator: ", ")
            throw Refusal(
                .invalid,
                "That cannot be done to jobs that are \(status)",
                remedy: "They must be \(fitting)."
            )
        }
    }
}

// MARK: - Coding

extension CancelJobs {
    private enum CodingKeys: String, CodingKey { case limit }

    package init(from decoder: any Decoder) throws {
        filter = try JobFilter(from: decoder)
        limit = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Int.self, forKey: .limit)
    }

    /// The filter's members, and `limit`.
    package func encode(to encoder: any Encoder) throws {
        try filter.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(limit, forKey: .limit)
    }
}

extension RetryJobs {
    private enum CodingKeys: String, CodingKey { case limit }

    package init(from decoder: any Decoder) throws {
        filter = try JobFilter(from: decoder)
        limit = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Int.self, forKey: .limit)
    }

    /// The filter's members, and `limit`.
    package func encode(to encoder: any Encoder) throws {
        try filter.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(limit, forKey: .limit)
    }
}
