// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Provisioning
import Store

extension Executor {
    /// Writes what came of an execution, and tries again while the database is away and the lease holds.
    ///
    /// Returns what metrics and logs call the result. A state that did not get there stays in the spool, for ``Leftovers``.
    func record(_ verdict: Verdict, of job: ClaimedJob, control: ExecutionControl, logger: Logger) async -> String {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                let result = try await write(verdict, of: job)
                if case .lost = verdict { return result }
                await spool?.discard(jobID: job.id, claimEpoch: job.epoch)
                return result
            } catch let error as StoreError where error.code == .leaseLost {
                logger.warning("the job was taken away; what this execution did is not recorded")
                return "lost"
            } catch let error as PostgresError where error.isRetriable {
                // A repeat is safe: the fence lets one of them through.
                logger.warning("the job's end could not be recorded yet", metadata: ["error": "\(error)"])
            } catch {
                logger.error("the job's end could not be recorded", metadata: ["error": "\(error)"])
                return "unrecorded"
            }
            guard ContinuousClock.now < control.leaseDeadline else { return "lost" }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    private func write(_ verdict: Verdict, of job: ClaimedJob) async throws -> String {
        switch verdict {
        case .build(let completion):
            return try await complete(job, completion)
        case .refused(let refusal, let completion):
            guard case .failed(let code, let message) = completion.result,
                try await store.refuseClaim(job.held, refusal, code: code, message: message)
            else { return try await complete(job, completion) }
            return refusal == .fresh ? "rebuilt" : completion.result.name
        case .imported(let manifest, let context):
            try await store.completeImport(job.held, manifest, context)
            return JobResult.succeeded.name
        case .importEnded(let result):
            try await store.endImport(job.held, result)
            return result.name
        case .again(let repetition, let delay, let state):
            // First the state, under the fence that the second write ends.
            if let state { _ = try await store.checkpoint(sealing.sealed(state), of: job.held) }
            try await store.requeue(
                job.held,
                after: delay,
                refundAttempt: !repetition.usesAttempt,
                because: repetition.reason
            )
            return repetition.name
        case .lost:
            return "lost"
        }
    }

    private func complete(_ job: ClaimedJob, _ completion: BuildCompletion) async throws -> String {
        var completion = completion
        if let state = completion.state { completion.state = try await sealing.sealed(state) }
        if let pool = try await store.completeBuild(job.held, completion) { onReplacement(pool) }
        return completion.result.name
    }
}

extension JobResult {
    /// What metrics and logs call it.
    var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .canceled: "canceled"
        }
    }
}
