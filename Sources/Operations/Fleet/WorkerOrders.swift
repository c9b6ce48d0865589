// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// Drains workers.
package struct DrainWorkers: Operation {
    /// A name of workers, or one worker's id.
    package var worker: String
    /// The deadline for running jobs in seconds; `nil`: `worker.drain_deadline`.
    package var deadline: Int?

    package static let route = Route(.post, "/workers/{worker}/drain", .workers, for: .owner)
        .doing("Drain workers: they claim no more jobs")
        .noting("Their jobs run on until the deadline; other workers take over the rest.")
        .taking(workerField, Field("deadline", .integer(0...604_800), "Seconds."))
        .answering("The workers concerned.", .list("Worker"))

    package init(worker: String, deadline: Int? = nil) {
        self.worker = worker
        self.deadline = deadline
    }

    package func perform(in context: OperationContext) async throws -> [WorkerSummary] {
        let drained = try await context.store.drainWorkers(
            named: worker,
            within: deadline.map { .seconds($0) } ?? context.drainDeadline(),
            by: context.caller.name
        )
        return try await context.store.workers().filter { drained.contains($0.id) }
    }
}

/// Resumes workers that were drained by command and still run.
package struct ResumeWorkers: Operation {
    /// A name of workers, or one worker's id.
    package var worker: String

    package static let route = Route(.post, "/workers/{worker}/resume", .workers, for: .owner)
        .doing("Resume workers that were drained by command")
        .taking(workerField)
        .answering("The workers concerned.", .list("Worker"))

    package init(worker: String) {
        self.worker = worker
    }

    package func perform(in context: OperationContext) async throws -> [WorkerSummary] {
        let resumed = try await context.store.resumeWorkers(named: worker)
        return try await context.store.workers().filter { resumed.contains($0.id) }
    }
}

private let workerField = Field(
    "worker",
    .text(least: 1, most: 255),
    "A name of workers, or one worker's id.",
    required: true
)
