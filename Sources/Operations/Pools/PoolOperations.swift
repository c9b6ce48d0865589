// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
package import Prebuilds
package import Store

/// Lists pools, with what they do now and how they did lately.
package struct ListPools: Operation {
    /// Counts the last so many seconds; `nil`: a day.
    package var window: Int?

    package static let route = Route(.get, "/pools", .pools, for: .member)
        .doing("List pools: their counts now, and how they did")
        .taking(PoolReport.window)
        .answering("Pools by template and preset.", .list("Pool"))

    package init(window: Int? = nil) {
        self.window = window
    }

    package func perform(in context: OperationContext) async throws -> [PoolReport] {
        try await PoolReport.reports(in: context, window: window)
    }
}

/// Shows one pool.
package struct ShowPool: Operation {
    /// `template/preset`
    package var target: String
    package var window: Int?

    package static let route = Route(.get, "/pools/show", .pools, for: .member)
        .doing("Show one pool")
        .taking(PoolNames.field, PoolReport.window)
        .answering("The pool.", .one("Pool"))

    package init(target: String, window: Int? = nil) {
        self.target = target
        self.window = window
    }

    package func perform(in context: OperationContext) async throws -> PoolReport {
        let preset = try await context.pool(target)
        guard let pool = try await PoolReport.reports(in: context, window: window, only: preset).first else {
            throw Refusal(
                .conflict,
                "The preset '\(target)' has no pool",
                remedy: "Give it 'prebuilds' in stoker.yaml, and push it again."
            )
        }
        return pool
    }
}

extension OperationContext {
    /// The preset of the active version that `template/preset` names.
    func pool(_ target: String) async throws -> PresetID {
        let names = try PoolNames(target)
        guard let preset = try await store.preset(names.preset, of: names.template) else {
            throw Refusal(.notFound, "There is no pool '\(target)'", remedy: "See 'stoker pools list'.")
        }
        return preset
    }
}

/// A pool: what it does now, why, and how it did.
package struct PoolReport: Hashable, Sendable, Codable {
    static let window = Field(
        "window",
        .integer(60...2_592_000),
        "The time that is counted, up to now, in seconds.",
        default: .integer(86_400)
    )

    package let plan: PlanReport.Preset
    package let counters: PoolCounters

    package init(plan: PlanReport.Preset, counters: PoolCounters) {
        self.plan = plan
        self.counters = counters
    }

    /// - Parameter only: The one to be shown; `nil`: all.
    static func reports(
        in context: OperationContext,
        window: Int?,
        only preset: PresetID? = nil
    ) async throws -> [PoolReport] {
        let plan = try await context.report(context.reconciliation.plan())
        let pools = plan.presets.filter { pool in pool.active && preset.map { $0 == pool.presetID } ?? true }
        let counters = try await context.store.poolCounters(
            over: .seconds(window ?? 86_400),
            of: preset.map { [$0] }
        )
        return pools.compactMap { pool in counters[pool.presetID].map { PoolReport(plan: pool, counters: $0) } }
    }

    private enum CodingKeys: String, CodingKey {
        case counters
    }

    package init(from decoder: any Decoder) throws {
        plan = try PlanReport.Preset(from: decoder)
        counters = try decoder.container(keyedBy: CodingKeys.self).decode(PoolCounters.self, forKey: .counters)
    }

    /// The plan's members, and the counters.
    package func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(counters, forKey: .counters)
    }
}
