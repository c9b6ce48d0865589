// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Store
import Templates
import Time

/// Plans, with the data for a pool's health, for all reports.
extension OperationContext {
    /// Makes plans and passes. Throws if a setting that they depend on is invalid.
    var reconciliation: Reconciliation {
        get throws {
            Reconciliation(store: store, limits: try limits(), zones: zones, validations: validations, sizes: sizes)
        }
    }

    /// The plan with its failures.
    func report(_ plan: Plan) async throws -> PlanReport {
        PlanReport(plan, failures: try await failures(of: plan))
    }

    /// Errors of builds are shown to template admins; other users only see that a pool fails.
    func failures(of plan: Plan) async throws -> [BuildID: PoolFailure] {
        guard caller.has(.templateAdmin) else { return [:] }
        return try await store.failures(of: plan.failedBuilds)
    }
}
