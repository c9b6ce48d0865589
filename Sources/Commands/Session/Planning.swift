// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Worker

extension PlanLimits {
    /// What a plan depends on, as it is configured.
    init(_ settings: Settings) {
        self.init(
            backoffInterval: settings[.backoffInterval],
            backoffLookback: settings[.backoffLookback],
            failureHardLimit: settings[.hardLimit],
            maxPendingJobs: settings[.maxPendingJobs]
        )
    }
}

extension Store {
    /// What a pass would do, at a moment or now. Reads only.
    func plan(at moment: Instant?, limits: PlanLimits, zones: ZoneDirectory = ZoneDirectory()) async throws -> Plan {
        let (now, snapshot) = try await snapshot(at: moment, limits: limits)
        return Plan(snapshot: snapshot, now: now, limits: limits, zones: zones.rules(for: snapshot))
    }
}
