// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import Templates

/// What is recorded about an execution.
enum Verdict: Sendable {
    /// A workspace build ended.
    case build(BuildCompletion)
    /// A template version was read.
    case imported(TemplateManifest, ImportContext)
    /// An import ended without a version.
    case importEnded(JobResult)
    /// A build was stopped before any change, by a replacement policy or because the module refuses its values. A
    /// claimed prebuild goes back; if that is not possible, or there was no claim, the build just ends.
    case refused(ClaimRefusal, otherwise: BuildCompletion)
    /// The database refuses the end of a build: only a generated message and the state are recorded.
    case unrecordable(message: String, state: [UInt8]?)
    /// Another execution shall continue from this state.
    case again(Repetition, after: Duration, state: [UInt8]?)
    /// The job belongs to another execution.
    case lost

    init(outcome: BuildOutcome, timings: [StageTiming]) {
        self = .build(BuildCompletion(result: .succeeded, outcome, timings: timings))
    }

    /// The same with the late states that a successful deletion has destroyed.
    func destroying(_ late: [LateState]) -> Verdict {
        guard case .build(var completion) = self, completion.result == .succeeded else { return self }
        completion.destroyed = late
        return .build(completion)
    }

    /// The same with the facts of the build that decide what its end brings.
    func ending(_ context: BuildContext) -> Verdict {
        guard case .build(var completion) = self else { return self }
        (completion.transition, completion.next) = (context.build.transition, context.next)
        completion.isRehearsal = context.isRehearsal
        return .build(completion)
    }

    /// The same with the replacements of earlier executions, when the build has ended.
    func replacing(_ before: [Replacement]) -> Verdict {
        guard case .build(var completion) = self, !before.isEmpty else { return self }
        let all = (before + completion.outcome.replacements).map { ($0.address, $0) }
        completion.outcome.replacements = Dictionary(all) { $1 }.values.sorted { $0.address < $1.address }
        return .build(completion)
    }

    /// The verdict to record instead of this one when the database refuses its values, which it would refuse again: a
    /// failure with the database's message, which quotes no value. If another execution was to follow, it does, without
    /// this one's message; a deletion is tried again, as after any failure.
    func refused(by error: PostgresError, _ job: ClaimedJob) -> Verdict {
        let message = "The database refuses what was reported: \(error)"
        let failure = ProvisioningFailure(.invalid, message)
        switch self {
        case .build(let completion), .refused(_, otherwise: let completion):
            if job.jobClass == .delete, job.hasAttemptsLeft {
                return Verdict(job, failure: ProvisioningFailure(.invalid, message, state: completion.outcome.state))
            }
            return .unrecordable(message: message, state: completion.outcome.state)
        case .imported, .importEnded:
            return .importEnded(.failed(failure.code, message: message))
        case .again(.held(let held), let delay, let state):
            return .again(.held(ProvisioningFailure(held.code, message)), after: delay, state: state)
        case .again(.retried(let retried), let delay, let state):
            return .again(.retried(ProvisioningFailure(retried.code, message)), after: delay, state: state)
        case .again(.handedOver, _, _), .unrecordable, .lost:
            return self
        }
    }

    /// The consequence of a failure for the job (see jobs.md: error classes, retries, interruption).
    init(
        _ job: ClaimedJob,
        failure: ProvisioningFailure,
        interruption: Interruption? = nil,
        timings: [StageTiming] = []
    ) {
        switch (failure.code, interruption) {
        case (.canceled, _), (.interrupted, .canceled):
            self.init(job, ending: .canceled, failure, timings)
        case (.interrupted, .drain), (.interrupted, .leaseEnding), (.interrupted, nil):
            self = .again(.handedOver, after: .zero, state: failure.state)
        case (.capacity, _) where job.type == .workspaceBuild && job.jobClass != .delete:
            self = .again(.held(failure), after: RetryDelay.after(.capacity, job), state: failure.state)
        case (.transient, _), (.capacity, _):
            guard job.hasAttemptsLeft else {
                self.init(job, ending: .failed(failure.code, message: failure.message), failure, timings)
                return
            }
            self = .again(.retried(failure), after: RetryDelay.after(failure.code, job), state: failure.state)
        case (.invalid, _), (.replacementBlocked, _), (.failed, _), (.timedOut, _), (.interrupted, _):
            // A deletion may succeed later, so it is retried in place, for hours; but a bound would be exceeded again.
            if job.jobClass == .delete, job.hasAttemptsLeft, !failure.exceedsBound {
                self = .again(.retried(failure), after: RetryDelay.after(failure.code, job), state: failure.state)
            } else {
                self.init(job, ending: .failed(failure.code, message: failure.message), failure, timings)
            }
        }
    }

    private init(_ job: ClaimedJob, ending result: JobResult, _ failure: ProvisioningFailure, _ timings: [StageTiming])
    {
        guard job.type == .workspaceBuild else {
            self = .importEnded(result)
            return
        }
        self = .build(BuildCompletion(result, failure, timings))
    }

    /// The verdict about a claim whose build was stopped before any change.
    init(refusing refusal: ClaimRefusal, because failure: ProvisioningFailure, timings: [StageTiming]) {
        let result = JobResult.failed(failure.code, message: failure.message)
        self = .refused(refusal, otherwise: BuildCompletion(result, failure, timings))
    }
}

extension BuildCompletion {
    fileprivate init(_ result: JobResult, _ failure: ProvisioningFailure, _ timings: [StageTiming]) {
        // A refused replacement did not happen.
        let made = failure.code == .replacementBlocked ? [] : failure.replacements
        self.init(result: result, BuildOutcome(state: failure.state, replacements: made), timings: timings)
    }
}

/// Why a job is executed again, and whether the attempt counts.
enum Repetition: Sendable {
    /// Stoker interrupted it.
    case handedOver
    /// It failed, and may succeed later. The attempt counts.
    case retried(ProvisioningFailure)
    /// The cloud has no capacity. Another workspace would not help, so the build waits as long as needed, and the
    /// attempt does not count.
    case held(ProvisioningFailure)

    var end: ExecutionEnd {
        switch self {
        case .handedOver: .handedOver
        case .retried: .retried
        case .held: .held
        }
    }

    var usesAttempt: Bool {
        if case .retried = self { true } else { false }
    }

    /// The reason why the job waits, for people.
    var reason: String? {
        switch self {
        case .handedOver: nil
        case .retried(let failure), .held(let failure): "\(failure.code.rawValue): \(failure.message)"
        }
    }
}

/// The back-off before a job is tried again.
enum RetryDelay {
    /// Exponential with full jitter, so that jobs that failed together do not return together.
    static func after(_ code: FailureCode, _ job: ClaimedJob) -> Duration {
        let (first, longest) = bounds(code, job.jobClass)
        // A held job gets its attempts back; its epoch grows twice with each execution, by the claim and by the return.
        let times = code == .capacity ? Int(clamping: (job.epoch + 1) / 2) : job.attempt
        let ceiling = min(first * Double(1 << min(times, 16)), longest)
        return .seconds(Double.random(in: first / 2...ceiling))
    }

    /// The first and the longest wait in seconds.
    private static func bounds(_ code: FailureCode, _ jobClass: JobClass) -> (Double, Double) {
        // Capacity returns slowly, and asking more often does not help.
        if code == .capacity { return (60, 3600) }
        // Eight attempts over hours: an obstacle to a deletion often needs a person.
        return jobClass == .delete ? (60, 7200) : (5, 1800)
    }
}
