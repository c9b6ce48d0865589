// SPDX-License-Identifier: Apache-2.0

import Prebuilds

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
