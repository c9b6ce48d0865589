// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Provisioning
import Store
import Testing

@testable import Worker

@Suite struct VerdictTests {
    private func job(_ jobClass: JobClass = .pool, attempt: Int = 1, maxAttempts: Int = 3) -> ClaimedJob {
        ClaimedJob(
            id: JobID(high: 1, low: 2),
            epoch: 5,
            type: .workspaceBuild,
            provisioner: "terraform",
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
        _ code: ProvisioningFailure.Code,
        _ interruption: Interruption? = nil,
        job: ClaimedJob
    ) -> String {
        switch Verdict(job, failure: ProvisioningFailure(code, "why"), interruption: interruption) {
        case .build(let completion):
            switch completion.result {
            case .succeeded: "succeeded"
            case .canceled: "canceled"
            case .failed(let code, let message): "failed \(code) \(message)"
            }
        case .again(_, let refund, _): refund ? "handed over" : "again"
        case .refused(let refusal, _): "refused \(refusal)"
        case .lost: "lost"
        case .imported, .importEnded: "import"
        }
    }

    @Test(arguments: [
        (ProvisioningFailure.Code.invalid, Interruption?.none, "failed INVALID why"),
        (.failed, nil, "failed FAILED why"),
        (.timedOut, .timeout, "failed TIMED_OUT why"),
        (.replacementBlocked, nil, "failed REPLACEMENT_BLOCKED why"),
        (.canceled, .canceled, "canceled"),
        (.interrupted, .canceled, "canceled"),
        (.interrupted, .drain, "handed over"),
        (.interrupted, .leaseEnding, "handed over"),
        (.transient, nil, "again"),
        (.capacity, nil, "again"),
    ])
    func `what a failure means for a pool job`(
        code: ProvisioningFailure.Code,
        interruption: Interruption?,
        expected: String
    ) {
        #expect(fate(code, interruption, job: job()) == expected)
    }

    @Test func `a transient failure is final when no attempts are left`() {
        #expect(fate(.transient, job: job(attempt: 3)) == "failed TRANSIENT why")
    }

    @Test func `a delete is tried again whatever failed, until its attempts are used up`() {
        #expect(fate(.failed, job: job(.delete, attempt: 7, maxAttempts: 8)) == "again")
        #expect(fate(.failed, job: job(.delete, attempt: 8, maxAttempts: 8)) == "failed FAILED why")
    }
}
