// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// The reasons with their messages for operators.
extension Withheld {
    static func fleetPaused(_ change: Change, count: Int, _ pause: FleetPause) -> Self {
        let (what, remedy) =
            switch pause.kind {
            case .reconciliation: ("All pools are paused", "stoker prebuilds resume")
            case .maintenance: ("The fleet is in maintenance", "stoker maintenance stop")
            }
        let by = pause.orderedBy.map { " by \($0)" } ?? ""
        let reason = pause.reason.isEmpty ? "" : " (\(pause.reason))"
        return Self(
            change,
            count: count,
            reason: .paused,
            until: pause.until,
            message: "\(what)\(end(pause.until))\(by)\(reason). `\(remedy)` ends it."
        )
    }

    static func templatePaused(count: Int, _ pool: Pool, until: Instant) -> Self {
        let end = until == .distantFuture ? nil : until
        return Self(
            .create,
            count: count,
            reason: .paused,
            until: end,
            message: "The pools of template '\(pool.templateName)' are paused\(self.end(end)). "
                + "`stoker prebuilds resume --template \(pool.templateName)` ends it."
        )
    }

    static func backingOff(count: Int, _ backoff: Backoff) -> Self {
        let builds = backoff.failures == 1 ? "1 recent build" : "\(backoff.failures) recent builds"
        return Self(
            .create,
            count: count,
            reason: .backoff,
            until: backoff.until,
            failures: backoff.failures,
            message: "\(builds) of this preset failed, the newest one of \(backoff.lastBuildAt). "
                + "No other is ordered before \(backoff.until)."
        )
    }

    /// - Parameter message: The preset's status message; empty: unknown.
    /// - Parameter trial: When one build is tried; `nil`: not until something is changed.
    static func hardLimited(count: Int, failures: Int?, message: String, trial: Instant? = nil) -> Self {
        let said = message.isEmpty ? failures.map { hardLimitMessage(failures: $0) } ?? hardLimitMessage : message
        return Self(
            .create,
            count: count,
            reason: .hardLimited,
            until: trial,
            failures: failures,
            message: trial.map { "\(said) One build is tried at \($0)." } ?? said
        )
    }

    static let invalidBuildMessage =
        "The newest build of this preset failed as INVALID, so another one would too. Correct the template or the preset's "
        + "values and push it, or run `stoker presets reset`."

    static func runawayMessage(orders: Int) -> String {
        "\(orders) prebuilds of this preset were ordered within an hour, and none of them became ready. "
            + remedyOfHardLimit
    }

    static func hardLimitMessage(failures: Int) -> String {
        failures == 1
            ? "The newest build of this preset failed, and the limit is 1. \(remedyOfHardLimit)"
            : "The newest \(failures) builds of this preset all failed. \(remedyOfHardLimit)"
    }

    private static let hardLimitMessage = "The newest builds of this preset all failed. \(remedyOfHardLimit)"
    private static let remedyOfHardLimit =
        "See their logs with `stoker jobs list`, correct the cause, then run `stoker presets reset`."

    static func invalid(count: Int, _ message: String) -> Self {
        Self(.create, count: count, reason: .validationFailed, message: message)
    }

    static func versionNotReady(count: Int, _ readiness: VersionReadiness) -> Self {
        Self(
            .create,
            count: count,
            reason: .versionNotReady,
            message: readiness == .importing
                ? "The template version is still being imported."
                : "The import of the template version did not succeed. Push a version that can be imported."
        )
    }

    static func capped(count: Int, limits: PlanLimits, pending: Int) -> Self {
        Self(
            .create,
            count: count,
            reason: .capped,
            message: "\(pending) start jobs of prebuilds wait in the queue, \(limits.maxPendingJobs) may wait at once "
                + "(prebuilds.max_pending_jobs), and other pools have their share of the rest."
        )
    }

    static func overQuota(count: Int, _ pool: Pool, held: Int, quota: Int) -> Self {
        Self(
            .create,
            count: count,
            reason: .quota,
            message: "Organization '\(pool.organizationName)' holds \(held) prebuilds, \(quota) are allowed "
                + "(its prebuild_quota), and other pools have their share of the rest."
        )
    }

    static func rollingOver(count: Int, _ why: String, _ template: String) -> Self {
        Self(.create, count: count, reason: .rollout, message: "\(why) See `stoker rollouts show \(template)`.")
    }

    private static func end(_ until: Instant?) -> String {
        until.map { " until \($0)" } ?? ""
    }
}
