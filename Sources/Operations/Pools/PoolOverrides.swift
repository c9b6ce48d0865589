// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Prebuilds
package import Store
package import Time

/// Sets the size of a pool without a new version.
package struct SetPool: Operation {
    /// `template/preset`
    package var target: String
    /// Always so many; without the other numbers.
    package var instances: Int?
    package var mode: AutoscaleSettings.Mode?
    package var goal: Double?
    package var min: Int?
    package var max: Int?
    /// When it ends by itself.
    package var until: Instant?
    package var reason: String?

    /// The values of ``mode``.
    package static let modes = AutoscaleSettings.Mode.allCases.map(\.rawValue)

    package static let route = Route(.post, "/pools/set", .pools, for: .templateAdmin)
        .doing("Set the size of a pool without a new version")
        .noting(
            "What is not given stays as the template says. Replaces an earlier override, and outlives new versions."
        )
        .taking(
            PoolNames.field,
            Field(
                "instances",
                .integer(AutoscaleSettings.sizes),
                "Always so many, whatever schedule and autoscaling say."
            ),
            Field("mode", .choice(modes), "Whether the pool sizes itself."),
            Field("goal", .number(AutoscaleSettings.goals), "The share of claims that are to be hits."),
            Field("min", .integer(AutoscaleSettings.sizes), "The least size that autoscaling chooses."),
            Field("max", .integer(AutoscaleSettings.sizes), "The largest."),
            Field("until", .instant, "When it ends by itself."),
            Field("reason", .text(most: 1000))
        )
        .answering("The pool with its new override, and the one before.", .one("ChangedPool"))

    package init(
        target: String,
        instances: Int? = nil,
        mode: AutoscaleSettings.Mode? = nil,
        goal: Double? = nil,
        min: Int? = nil,
        max: Int? = nil,
        until: Instant? = nil,
        reason: String? = nil
    ) {
        self.target = target
        self.instances = instances
        self.mode = mode
        self.goal = goal
        self.min = min
        self.max = max
        self.until = until
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> ChangedPool {
        let names = try PoolNames(target)
        let numbers = PoolNumbers(instances: instances, mode: mode, goal: goal, min: min, max: max)
        try Self.check(numbers)
        try await context.requireToCome(until)
        return try await context.store.setPool(
            names.template,
            names.preset,
            to: numbers,
            until: until,
            reason: reason ?? "",
            by: context.caller.name
        )
    }

    private static func check(_ numbers: PoolNumbers) throws(Refusal) {
        guard numbers != PoolNumbers() else {
            throw Refusal(.invalid, "Nothing is set", remedy: "Give instances, or mode, goal, min or max.")
        }
        guard numbers.instances == nil || numbers == PoolNumbers(instances: numbers.instances) else {
            throw Refusal(
                .invalid,
                "A pool of a fixed size does not size itself",
                remedy: "Give instances, or mode, goal, min and max."
            )
        }
        if let least = numbers.min, let most = numbers.max, most < least {
            throw Refusal(.invalid, "The maximum \(most) is below the minimum \(least)")
        }
    }
}

/// Gives the size of a pool back to its template.
package struct ResetPool: Operation {
    /// `template/preset`
    package var target: String

    package static let route = Route(.post, "/pools/reset", .pools, for: .templateAdmin)
        .doing("Give the size of a pool back to its template")
        .taking(PoolNames.field)
        .answering("The pool, and the override that it had.", .one("ChangedPool"))

    package init(target: String) {
        self.target = target
    }

    package func perform(in context: OperationContext) async throws -> ChangedPool {
        let names = try PoolNames(target)
        return try await context.store.resetPool(names.template, names.preset)
    }
}
