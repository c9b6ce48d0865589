// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store
package import Time

/// What a pool was like in the last hour, day or week.
package struct ShowPoolHistory: Operation {
    /// `template/preset`
    package var target: String
    /// `nil`: a day.
    package var range: HistoryRange?
    /// The end; `nil`: now.
    package var to: Instant?

    package static let route = Route(.get, "/pools/history", .pools, for: .templateAdmin)
        .doing("Show a pool's size, readiness, claims and misses over time")
        .noting(
            """
            A point stands for five minutes, in a range of seven days for an hour, and for the time that ends with `at`. Where \
            no worker reconciled there is none.
            """
        )
        .taking(
            Field(
                "target",
                .text(most: 200),
                "The pool, as `template/preset`.",
                required: true,
                example: .text("go/eu")
            ),
            Field("range", .choice(of: HistoryRange.self), default: .text(HistoryRange.day.rawValue)),
            Field("to", .instant, "The end. Default: now.")
        )
        .answering("The history.", .one("PoolHistory"))

    package init(target: String, range: HistoryRange? = nil, to: Instant? = nil) {
        self.target = target
        self.range = range
        self.to = to
    }

    package func perform(in context: OperationContext) async throws -> PoolHistory {
        let names = target.split(separator: "/", maxSplits: 1).map(String.init)
        guard names.count == 2 else {
            throw Refusal(.invalid, "'\(target)' is not a pool", remedy: "Write template/preset.")
        }
        return try await context.store.history(of: names[0], names[1], range ?? .day, to: to)
    }
}
