// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import Templates

/// What is to be recorded of an execution.
enum Verdict: Sendable {
    /// A workspace build ended.
    case build(BuildCompletion)
    /// A template version was read.
    case imported(TemplateManifest, ImportContext)
    /// An import ended without a version.
    case importEnded(JobResult)
    /// A build was stopped before it changed anything, by a replacement policy or because the module refuses its values. A
    /// claim's prebuild goes back; where that cannot be, or no claim asked for the build, it just ends.
    case refused(ClaimRefusal, otherwise: BuildCompletion)
    /// A build whose end the database refuses: what is left to be said of it, in words that are not its own, and its state.
    case unrecordable(message: String, state: [UInt8]?)
    /// Another execution is to go on from this state.
    case again(Repetition, after: Duration, state: [UInt8]?)
    /// The job is another's by now.
    case lost

    init(outcome: BuildOutcome, timings: [StageTiming]) {
        self = .build(BuildCompletion(result: .succeeded, outcome, timings: timings))
    }

    /// The same, when it is a success, with what a deletion has destroyed besides.
    func destroying(_ late: [LateState]) -> Verdict {
        guard case .build(var completion) = self, completion.result == .succeeded else { return self }
        completion.destroyed = late
        return .build(completion)
    }

    /// The same, when the build has ended, with what executions before it have replaced.
    func replacing(_ before: [Replacement]) -> Verdict {
        guard case .build(var completion) = self, !before.isEmpty else { return self }
        let all = (before + completion.outcome.replacements).map { ($0.address, $0) }
        completion.outcome.replacements = Dictionary(all) { $1 }.values.sorted { $0.address < $1.address }
        return .build(completion)
    }

    /// What is recorded instead of this when the database refuses its values, which no repetition changes: a failure, told in
    /// the database's words, which quote no value. Where another execution was to follow, it does, without the words of this
    /// one; a deletion is tried again, as after any failure.
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

    /// What a failure means for the job (error classes, retries, interruption).
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
            // What cannot be deleted today may be tomorrow: a delete is tried again in place, for hours.
            if job.jobClass == .delete, job.hasAttemptsLeft {
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

    /// What becomes of a claim whose build was stopped before it changed anything.
    init(refusing refusal: ClaimRefusal, because failure: ProvisioningFailure, timings: [StageTiming]) {
        let result = JobResult.failed(failure.code, message: failure.message)
        self = .refused(refusal, otherwise: BuildCompletion(result, failure, timings))
    }
}

extension BuildCompletion {
    fileprivate init(_ result: JobResult, _ failure: ProvisioningFailure, _ timings: [StageTiming]) {
        // A refused replacement has not been made.
        let made = failure.code == .replacementBlocked ? [] : failure.replacements
        self.init(result: result, BuildOutcome(state: failure.state, replacements: made), timings: timings)
    }
}

/// Why a job is executed once more, and at whose expense.
enum Repetition: Sendable {
    /// It was interrupted by us.
    case handedOver
    /// It failed, and what it failed by may have gone by then. An attempt is used up.
    case retried(ProvisioningFailure)
    /// The cloud has no room for it. That is nobody's failure, and asking for another workspace instead brings none: the
    /// build waits, for as long as it takes, and no attempt is used up.
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

    /// For people who ask why the job waits.
    var reason: String? {
        switch self {
        case .handedOver: nil
        case .retried(let failure), .held(let failure): "\(failure.code.rawValue): \(failure.message)"
        }
    }
}

/// How long a job waits before it is tried again.
enum RetryDelay {
    /// Exponential, with full jitter, so that what failed together does not come back together.
    static func after(_ code: FailureCode, _ job: ClaimedJob) -> Duration {
        let (first, longest) = bounds(code, job.jobClass)
        // A job that is held gets its attempts back; its epoch grows twice with each execution, by the claim and by the return.
        let times = code == .capacity ? Int(clamping: (job.epoch + 1) / 2) : job.attempt
        let ceiling = min(first * Double(1 << min(times, 16)), longest)
        return .seconds(Double.random(in: first / 2...ceiling))
    }

    /// Seconds: where the waiting begins, and what it never exceeds.
    private static func bounds(_ code: FailureCode, _ jobClass: JobClass) -> (Double, Double) {
        // Capacity comes back slowly, and asking more often does not bring it sooner.
        if code == .capacity { return (60, 3600) }
        // Eight attempts over hours: what holds a deletion up is often somebody's work.
        return jobClass == .delete ? (60, 7200) : (5, 1800)
    }
}
