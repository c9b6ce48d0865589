// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Store
import Time

/// How pools look: what their health means, and why.
enum PoolTone {
    static func of(_ health: PoolHealth) -> Tone {
        switch health {
        case .healthy: .good
        case .filling: .busy
        case .empty, .failing, .hardLimited, .validationFailed: .bad
        case .backingOff, .paused: .warn
        case .inactive: .calm
        }
    }

    static func needsSomebody(_ health: PoolHealth) -> Bool {
        switch of(health) {
        case .bad, .warn: true
        case .good, .busy, .calm: false
        }
    }

    /// The worst first: what lasts until somebody acts, then what ends by itself.
    static func rank(_ pool: PlanReport.Preset) -> Int {
        let health = rank(pool.health)
        return health * 2 + (pool.state.failed > 0 ? 0 : 1)
    }

    private static func rank(_ health: PoolHealth) -> Int {
        let order: [PoolHealth] = [
            .hardLimited, .validationFailed, .failing, .empty, .backingOff, .paused, .filling, .healthy, .inactive,
        ]
        return order.firstIndex(of: health) ?? order.count
    }

    /// Why the pool is as it is, the cause first.
    static func reason(_ pool: PlanReport.Preset, now: Instant) -> Markup {
        var parts: [Markup] = []
        if let failure = pool.lastFailure {
            let text = failure.error.split(whereSeparator: \.isNewline).first.map { String($0.prefix(240)) }
            parts.append(
                """
                the last build failed \(.moment(failure.at, now: now)): \(text ?? failure.errorCode) \
                (\(.link("its log", ConsoleAddress.of("jobs", "\(failure.jobID)"))))
                """
            )
        }
        parts += pool.withheld.map { held in
            let until: Markup = held.until.map { " (until \(.moment($0, now: now)))" } ?? ""
            return "\(held.message)\(until)"
        }
        parts += (pool.warnings ?? []).map { Markup($0) }
        if pool.state.failed > 0 { parts.append("\(pool.state.failed) prebuilds are stuck: their latest build failed") }
        if pool.state.canceled > 0 {
            parts.append("\(pool.state.canceled) prebuilds are stuck: their build was canceled")
        }
        if parts.isEmpty, pool.state.starting > 0 { parts.append("\(pool.state.starting) are being built") }
        return parts.joined(by: "<br>")
    }
}

/// How jobs look.
enum JobTone {
    static func of(_ status: OpenEnum<JobStatus>) -> Tone {
        switch status.known {
        case .succeeded?: .good
        case .failed?: .bad
        case .running?, .canceling?: .busy
        case .pending?: .calm
        case .canceled?, nil: .warn
        }
    }
}
