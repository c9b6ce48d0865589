// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Logging
import PostgresClient
import Provisioning
import Store

extension Executor {
    /// Records the verdict of an execution, and retries while the database is down and the lease holds.
    ///
    /// A state that could not be stored stays in the spool, for ``SpoolRecovery``.
    func record(_ verdict: Verdict, of job: ClaimedJob, control: ExecutionControl, logger: Logger) async -> ExecutionEnd
    {
        var (verdict, isRefused) = (verdict, false)
        var pause = Duration.milliseconds(100)
        while true {
            do {
                let written = try await write(verdict, of: job, logger: logger)
                if written.isStateKept { await spool?.discard(of: job.held) }
                return written.end
            } catch let error as StoreError where error.code == .leaseLost {
                logger.warning("the job was taken away; the end of this execution is not recorded")
                return .lost
            } catch let error as PostgresError where error.isRetriable {
                // A repetition is safe: the fence admits only one of them.
                logger.warning("the job's end could not be recorded yet", metadata: ["error": "\(error)"])
            } catch let error as PostgresError where error.isRefusedValue && !isRefused {
                // The database would refuse the values again, and another execution would report the same.
                logger.error("the database refuses what the job reported", metadata: ["error": "\(error)"])
                (verdict, isRefused) = (verdict.refused(by: error, job), true)
                continue
            } catch {
                logger.error("the job's end could not be recorded", metadata: ["error": "\(error)"])
                return .unrecorded
            }
            guard ContinuousClock.now < control.leaseDeadline else { return .lost }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// The end, and whether the state is stored or does not exist.
    private typealias Written = (end: ExecutionEnd, isStateKept: Bool)

    private func write(_ verdict: Verdict, of job: ClaimedJob, logger: Logger) async throws -> Written {
        switch verdict {
        case .build(let completion):
            return (try await complete(job, completion), true)
        case .refused(let refusal, let completion):
            guard case .failed(let code, let message) = completion.result,
                try await store.refuseClaim(job.held, refusal, code: code, message: message)
            else { return (try await complete(job, completion), true) }
            return (refusal == .fresh ? .rebuilt : .failed, true)
        case .unrecordable(let message, let state):
            return try await endRefused(job, message, state, logger)
        case .imported(let manifest, let context):
            try await store.completeImport(job.held, manifest, context)
            return (.succeeded, true)
        case .importEnded(let result):
            try await store.endImport(job.held, result)
            return (ExecutionEnd(result), true)
        case .again(let repetition, let delay, let state):
            // The state is stored first, under the fence that the second write ends.
            var isStateKept = true
            do {
                if let state { _ = try await store.checkpoint(sealing.sealed(state), of: job.held) }
            } catch let error as PostgresError where error.isRefusedValue {
                logger.error(
                    "the state of a build could not be stored, and stays in the spool",
                    metadata: ["error": "\(error)"]
                )
                isStateKept = false
            }
            try await store.requeue(
                job.held,
                after: delay,
                refundAttempt: !repetition.usesAttempt,
                because: repetition.reason
            )
            return (repetition.end, isStateKept)
        case .lost:
            return (.lost, false)
        }
    }

    private func endRefused(
        _ job: ClaimedJob,
        _ message: String,
        _ state: [UInt8]?,
        _ logger: Logger
    ) async throws -> Written {
        var sealed: [UInt8]?
        if let state { sealed = try await sealing.sealed(state) }
        let end = try await store.endRefused(job.held, message: message, state: sealed)
        for problem in end.problems {
            logger.error(
                end.isStateKept
                    ? "a part of the failed build could not be recorded"
                    : "the state of the failed build could not be stored, and stays in the spool",
                metadata: ["error": "\(problem)"]
            )
        }
        return (.failed, end.isStateKept)
    }

    private func complete(_ job: ClaimedJob, _ completion: BuildCompletion) async throws -> ExecutionEnd {
        var completion = completion
        if let state = completion.outcome.state { completion.outcome.state = try await sealing.sealed(state) }
        completion.outputs = try await sealed(completion.outcome.outputs)
        if let manifest = completion.outcome.manifest {
            completion.manifest = try await sealing.sealed(Array(JSONEncoder().encode(manifest)))
        }
        if let pool = try await store.completeBuild(job.held, completion) { onReplacement(pool) }
        return ExecutionEnd(completion.result)
    }
}
