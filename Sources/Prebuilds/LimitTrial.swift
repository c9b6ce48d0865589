// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// The half-open state of a hard limit: one build is tried after a while, then after twice as long, and so on. The first
/// that succeeds resolves the limit.
///
/// A build that failed as `INVALID` would fail again, so nothing is tried until something is changed.
struct LimitTrial {
    /// When the next build may be tried.
    let dueAt: Instant
    /// When another one may be, if that one fails.
    let nextAt: Instant

    /// `nil` when nothing is tried.
    init?(of preset: PresetSnapshot, now: Instant, limits: PlanLimits) {
        guard preset.status == .hardLimited, let dueAt = preset.limitTrialAt, limits.firstTrial > .zero,
            preset.newestEnded.map({ !$0.isInvalid }) ?? true
        else { return nil }
        self.dueAt = dueAt
        nextAt = now + Self.wait(after: preset.limitTrials + 1, limits: limits)
    }

    /// Whether a build is tried now: neither the limit nor the back-off holds it up, but everything else does.
    func isDue(at now: Instant, for state: PoolState, _ withheld: [Withheld]) -> Bool {
        dueAt <= now && state.starting == 0 && state.missing > 0
            && withheld.allSatisfy { $0.reason == .hardLimited || $0.reason == .backoff }
    }

    /// What is withheld beside the one that is tried.
    func rest(of missing: Int, of preset: PresetSnapshot, _ limits: PlanLimits) -> [Withheld] {
        guard missing > 1 else { return [] }
        let failures = HardLimit(of: preset, limits: limits)?.failedBuilds.count
        return [.hardLimited(count: missing - 1, failures: failures, message: preset.statusMessage, trial: nextAt)]
    }

    /// The time before the next trial; it doubles with each of them.
    static func wait(after trials: Int, limits: PlanLimits) -> Duration {
        min(limits.firstTrial * (1 << min(max(trials, 0), 20)), max(limits.longestTrial, limits.firstTrial))
    }
}

extension PresetSnapshot {
    /// The same preset when a build has succeeded since it is hard limited: healthy, its failures forgotten.
    func recovered(at now: Instant) -> Self {
        guard status == .hardLimited, hasRecovered else { return self }
        var preset = self
        (preset.status, preset.statusMessage) = (.healthy, "")
        (preset.failuresForgottenBefore, preset.recentFailures, preset.ordersInVain) = (now, 0, 0)
        return preset
    }

    /// The newest start build that has ended.
    var newestEnded: StartBuild? { startBuilds.first { $0.hasFailed || $0.hasSucceeded } }
}
