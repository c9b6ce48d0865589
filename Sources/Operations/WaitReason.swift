// SPDX-License-Identifier: Apache-2.0

import Prebuilds
package import Store
package import Time

/// Why something that somebody waits for has not come yet.
package struct WaitReason: Hashable, Sendable, Codable {
    /// Of the contract: those of pending jobs (``PendingReason/Code``), those for which a pool is not filled
    /// (``Withheld/Reason``), and `building`, `agents`, `nothing_wanted`.
    package let reason: String
    /// For people, without a stop at its end.
    package let message: String
    /// When it ends by itself, where that is known.
    package let until: Instant?

    package init(_ reason: String, _ message: String, until: Instant? = nil) {
        self.reason = reason
        self.message = message
        self.until = until
    }

    package init(_ pending: PendingReason) {
        // What is not due says itself when it is.
        let until = pending.reason == .notDue ? nil : pending.until
        self.init(pending.reason.rawValue, pending.message, until: until)
    }

    init(_ withheld: Withheld) {
        let message = withheld.message.hasSuffix(".") ? String(withheld.message.dropLast()) : withheld.message
        // The message says it in its own words.
        self.init(withheld.reason.rawValue, message, until: nil)
    }
}
