// SPDX-License-Identifier: Apache-2.0

import Domain
import Provisioning
import Testing
import Time

@testable import Store
@testable import Worker

@Suite struct VerdictTests {
    private func job(
        _ jobClass: JobClass = .pool,
        type: JobType = .workspaceBuild,
        epoch: Int64 = 5,
        attempt: Int = 1,
        maxAttempts: Int = 3
    ) -> ClaimedJob {
        ClaimedJob(
            held: HeldJob(id: JobID(high: 1, low: 2), epoch: epoch),
            type: type,
            provisioner: OpenEnum(.terraform),
            jobClass: jobClass,
            attempt: attempt,
            maxAttempts: maxAttempts,
            refreshFirst: false,
            availableAt: Instant(seconds: 0),
            startedAt: Instant(seconds: 1),
            isNoOp: false,
            trace: nil
        )
    }

    /// What is recorded, in a word.
    private func fate(
        _ code: FailureCode,
        _ interruption: Interruption? = nil,
        exceedsBound: Bool = false,
        job: ClaimedJob
    ) -> String {
        var failure = ProvisioningFailure(code, "why")
        failure.exceedsBound = exceedsBound
        return switch Verdict(job, failure: failure, interruption: interruption) {
        case .build(let completion):
            switch completion.result {
            case .succeeded: "succeeded"
            case .canceled: "canceled"
            case .failed(let code, let message): "failed \(code.rawValue) \(message)"
            }
        case .again(let repetition, _, _): repetition.end.rawValue
        case .refused(let refusal, _): "refused \(refusal)"
        case .unrecordable(let message, _): "unrecordable \(message)"
        case .lost: "lost"
        case .imported, .importEnded: "import"
        }
    }

    @Test(arguments: [
        (FailureCode.invalid, Interruption?.none, "failed INVALID why"),
        (.failed, nil, "failed FAILED why"),
        (.timedOut, .timeout, "failed TIMED_OUT why"),
        (.replacementBlocked, nil, "failed REPLACEMENT_BLOCKED why"),
        (.canceled, .canceled, "canceled"),
        (.interrupted, .canceled, "canceled"),
        (.interrupted, .drain, "handed_over"),
        (.interrupted, .leaseEnding, "handed_over"),
        (.transient, nil, "retried"),
        (.capacity, nil, "held"),
    ])
    func `what a failure means for a pool job`(
        code: FailureCode,
        interruption: Interruption?,
        expected: String
    ) {
        #expect(fate(code, interruption, job: job()) == expected)
    }

    @Test func `a transient failure is final when no attempts are left`() {
        #expect(fate(.transient, job: job(attempt: 3)) == "failed TRANSIENT why")
    }

    @Test func `a delete is tried again whatever failed, until its attempts are used up`() {
        #expect(fate(.failed, job: job(.delete, attempt: 7, maxAttempts: 8)) == "retried")
        #expect(fate(.failed, job: job(.delete, attempt: 8, maxAttempts: 8)) == "failed FAILED why")
    }

    @Test func `a delete that exceeds a bound fails at once, as it would again`() {
        #expect(fate(.invalid, job: job(.delete, attempt: 1, maxAttempts: 8)) == "retried")
        #expect(
            fate(.invalid, exceedsBound: true, job: job(.delete, attempt: 1, maxAttempts: 8)) == "failed INVALID why"
        )
    }

    @Test func `what has no capacity is held without using up attempts, but for deletions and imports`() {
        #expect(fate(.capacity, job: job(attempt: 3)) == "held")
        #expect(fate(.capacity, job: job(.interactive, attempt: 3)) == "held")
        #expect(fate(.capacity, job: job(.delete, attempt: 8, maxAttempts: 8)) == "failed CAPACITY why")
        #expect(fate(.capacity, job: job(type: .templateVersionImport)) == "retried")
        #expect(!Repetition.held(ProvisioningFailure(.capacity, "why")).usesAttempt)
    }

    @Test func `a held job waits longer each time, and never more than an hour`() {
        func longest(_ epoch: Int64) -> Double {
            (0..<2_000).map { _ in RetryDelay.after(.capacity, job(epoch: epoch)) / .seconds(1) }.max() ?? 0
        }
        let waits = [1, 3, 5, 7, 99].map(longest)
        for (wait, ceiling) in zip(waits, [120, 240, 480, 960, 3_600.0]) { #expect(ceiling * 0.8...ceiling ~= wait) }
    }
}
