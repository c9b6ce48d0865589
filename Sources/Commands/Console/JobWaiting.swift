// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Operations
import Store
import Synchronization
import Time

/// Waits for the end of a job, or for a prebuild, and shows the reasons and the progress meanwhile, on the database and
/// over a server alike.
struct JobWaiting {
    /// The interval of queries for the reasons.
    private static let interval = Duration.seconds(1)
    /// How long a claim may take before it counts as waiting.
    private static let grace = Duration.milliseconds(500)

    let control: any Control
    let display: WaitDisplay

    /// Passes on every line of a job's log, the existing ones too, until the job has ended; shows the result and the
    /// duration, and returns the job.
    func follow(_ job: JobID, _ line: (StoredLogLine) throws -> Void) async throws -> JobSummary {
        let stage = Stage()
        let began = ContinuousClock.now
        let ended = try await telling {
            await watch(job, stage, since: began)
        } during: {
            try await control.follow(job) { found in
                stage.name = found.stage
                try display.interrupting { try line(found) }
            }
        }
        display.say(ended.ending)
        return ended
    }

    /// Performs a claim that waits for the next prebuild when none is eligible.
    func claim(_ request: ClaimRequest, waitLimit: Int?) async throws -> ClaimResult {
        let claim = ClaimWorkspace(request, waitLimit: waitLimit)
        guard waitLimit != nil else { return try await control.perform(claim) }
        let began = ContinuousClock.now
        let result = try await telling {
            await watchRefill(request, since: began)
        } during: {
            try await control.perform(claim)
        }
        let waited = began.duration(to: .now)
        if waited >= Self.interval { display.say("Waited \(Elapsed.text(waited)) for a prebuild.") }
        return result
    }

    /// Performs the body, and shows the progress until it has ended.
    private func telling<Result>(
        _ tell: @escaping @Sendable () async -> Void,
        during body: () async throws -> Result
    ) async throws -> Result {
        let telling = Task { await tell() }
        return try await withCleanup {
            telling.cancel()
            await telling.value
            display.end()
        } after: {
            try await body()
        }
    }

    // MARK: Queries

    /// Failed queries are not shown; the follower reports when the job itself cannot be followed.
    private func watch(_ job: JobID, _ stage: Stage, since began: ContinuousClock.Instant) async {
        while !Task.isCancelled {
            if let report = try? await control.perform(ShowJob(job: job)), !Task.isCancelled {
                let reasons = report.waits.map { WaitReason($0) }
                display.tell(reasons)
                display.show(report.job.progress(reasons, stage.name, after: began.duration(to: .now)))
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// The interval grows: many claims wait when a pool is empty, and each answer needs a plan of all pools.
    private func watchRefill(_ request: ClaimRequest, since began: ContinuousClock.Instant) async {
        try? await Task.sleep(for: Self.grace)
        var report: RefillReport?
        var second = 0
        while !Task.isCancelled {
            if [0, 1, 3].contains(second) || second % 8 == 0 {
                let explain = ExplainRefill(template: request.template, preset: request.preset)
                report = try? await control.perform(explain)
            }
            if let report, !Task.isCancelled {
                display.tell(report.waits)
                display.show(report.progress(after: began.duration(to: .now)))
            }
            try? await Task.sleep(for: Self.interval)
            second += 1
        }
    }

    /// Where the job is, by the last line of its log.
    private final class Stage: Sendable {
        private let state = Mutex("")

        var name: String {
            get { state.withLock(\.self) }
            set { state.withLock { $0 = newValue } }
        }
    }
}

extension JobSummary {
    /// `The build`, `The import`.
    private var thing: String { type == .workspaceBuild ? "The build" : "The import" }

    fileprivate func progress(_ reasons: [WaitReason], _ stage: String, after elapsed: Duration) -> String {
        let time = Elapsed.text(elapsed)
        guard status != .pending else {
            return "Waiting \(time): \(reasons.first?.message ?? "for a worker")"
        }
        let place = workerName.isEmpty ? "" : " on worker '\(workerName)'"
        let attempt = attempt > 1 ? ", attempt \(self.attempt)" : ""
        return "\(thing) runs\(place)\(stage.isEmpty ? "" : ": \(stage)"), \(time)\(attempt)"
    }

    /// The result and the duration, by the database's clock.
    fileprivate var ending: String {
        guard let completedAt else { return "\(thing) is \(status)." }
        let outcome = status == .canceled ? "was canceled" : status.text
        guard let startedAt else {
            return "\(thing) \(outcome) after \(Elapsed.text(completedAt - createdAt)) in the queue."
        }
        let waited = startedAt - createdAt
        let queue = waited >= .seconds(1) ? ", after \(Elapsed.text(waited)) in the queue" : ""
        return "\(thing) \(outcome) in \(Elapsed.text(completedAt - startedAt))\(queue)."
    }
}

extension RefillReport {
    fileprivate func progress(after elapsed: Duration) -> String {
        let others = claimsWaiting > 1 ? " (\(claimsWaiting) claims wait)" : ""
        return "Waiting \(Elapsed.text(elapsed)) for a prebuild of \(templateName)/\(presetName)\(others): "
            + (waits.first?.message ?? "the next one is being built")
    }
}
