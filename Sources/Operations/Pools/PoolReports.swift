// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Store
import Templates
import Time

/// Plans, and what a pool's health adds to their numbers, for the same words everywhere.
extension OperationContext {
    /// How plans and passes are made here. Throws what is wrong with the settings that they depend on.
    var reconciliation: Reconciliation {
        get throws { Reconciliation(store: store, limits: try limits(), zones: zones) }
    }

    /// The plan with the failures that it tells of.
    func report(_ plan: Plan) async throws -> PlanReport {
        PlanReport(plan, failures: try await failures(of: plan))
    }

    /// Errors of pools' builds are for those who keep templates; whoever claims is told that a pool fails, and not by what.
    func failures(of plan: Plan) async throws -> [BuildID: PoolFailure] {
        guard caller.has(.templateAdmin) else { return [:] }
        return try await store.failures(of: plan.failedBuilds)
    }
}
