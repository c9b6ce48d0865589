// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store

/// Cancels a job: at once while it is pending, else through its worker.
package struct CancelJob: Operation {
    package var job: JobID

    package static let route = Route(.post, "/jobs/{job}/cancel", .jobs, for: .member)
        .doing("Cancel a job")
        .noting(", of their own workspaces.")
        .taking(jobField)
        .answering("The job, canceled or about to be canceled.", .one("Job"))

    package init(job: JobID) {
        self.job = job
    }

    package func perform(in context: OperationContext) async throws -> JobSummary {
        _ = try await context.store.job(job, visibleTo: context.caller.audience)
        _ = try await context.store.cancelJob(job)
        return try await context.store.job(job)
    }
}

/// Puts a failed or canceled job back into the queue.
package struct RetryJob: Operation {
    package var job: JobID

    package static let route = Route(.post, "/jobs/{job}/retry", .jobs, for: .member)
        .doing("Put a failed or canceled job back into the queue")
        .noting(", of their own workspaces.")
        .taking(jobField)
        .answering("The job, in the queue again.", .one("Job"))

    package init(job: JobID) {
        self.job = job
    }

    package func perform(in context: OperationContext) async throws -> JobSummary {
        _ = try await context.store.job(job, visibleTo: context.caller.audience)
        try await context.store.retryJob(job)
        return try await context.store.job(job)
    }
}

/// A job, with the reasons why it is pending.
package struct JobReport: Hashable, Sendable, Codable {
    package let job: JobSummary
    package let waits: [PendingReason]

    private enum CodingKeys: String, CodingKey {
        case waits = "waits_for"
    }

    init(job: JobSummary, waits: [PendingReason]) {
        self.job = job
        self.waits = waits
    }

    package init(from decoder: any Decoder) throws {
        job = try JobSummary(from: decoder)
        waits = try decoder.container(keyedBy: CodingKeys.self).decode([PendingReason].self, forKey: .waits)
    }

    /// The job's members, and `waits_for`.
    package func encode(to encoder: any Encoder) throws {
        try job.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(waits, forKey: .waits)
    }
}
