// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The retry schedule of deliveries.
package struct RetrySchedule: Hashable, Sendable {
    /// The wait after the first attempt, after the second, and so on; the last attempt has none.
    package var waits: [Duration]
    /// The jitter as a fraction of the wait, so that many deliveries do not return at once.
    package var jitter: Double
    /// The longest wait that an endpoint can ask for.
    package var longestWait: Duration
    /// The number of attempts after which a rejection is final.
    package var attemptsWhenRejected: Int

    package init(waits: [Duration], jitter: Double, longestWait: Duration, attemptsWhenRejected: Int) {
        self.waits = waits
        self.jitter = jitter
        self.longestWait = longestWait
        self.attemptsWhenRejected = attemptsWhenRejected
    }

    /// 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, 12 h, 24 h: ten attempts within two days.
    package static let standard = RetrySchedule(
        waits: [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400].map { .seconds($0) },
        jitter: 0.2,
        longestWait: .seconds(86_400),
        attemptsWhenRejected: 3
    )

    /// The wait after a failed attempt; `nil` after the last one.
    ///
    /// - Parameter retryAfter: The wait that the endpoint asks for. It lengthens a wait and never shortens it.
    package func wait(
        afterAttempt attempt: Int,
        retryAfter: Duration?,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard waits.indices.contains(attempt - 1) else { return nil }
        let wait = waits[attempt - 1] * Double.random(in: 1 - jitter...1 + jitter, using: &generator)
        return max(wait, min(retryAfter ?? .zero, longestWait))
    }
}

extension DeliveryAttempt.Outcome {
    /// The decision about a delivery after an attempt.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that ended with `result`, from 1.
    ///   - isTrial: Someone waits for its answer; a later one would tell nobody anything.
    package static func next(
        after result: AttemptResult,
        attempt: Int,
        isTrial: Bool = false,
        schedule: RetrySchedule = .standard,
        using generator: inout some RandomNumberGenerator
    ) -> Self {
        switch result.meaning {
        case .success: return .delivered
        case .interrupted: return .handBack
        case _ where isTrial: return .deadLetter(.trial)
        case .gone: return .disableEndpoint
        case .rejected where attempt >= schedule.attemptsWhenRejected: return .deadLetter(.rejected)
        case .rejected, .retryable:
            var retryAfter: Duration?
            if case .answered(_, let asked) = result { retryAfter = asked }
            let wait = schedule.wait(afterAttempt: attempt, retryAfter: retryAfter, using: &generator)
            return wait.map { .retry(after: $0) } ?? .deadLetter(.exhausted)
        }
    }
}
