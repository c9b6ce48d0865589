// SPDX-License-Identifier: Apache-2.0

import Prebuilds
package import Store
package import Time

/// Why an awaited job or prebuild is not there yet.
package struct WaitReason: Hashable, Sendable, Codable {
    /// Part of the contract: the reasons of pending jobs (``PendingReason/Code``), those for which a pool is not filled
    /// (``Withheld/Reason``), and `building`, `agents`, `nothing_wanted`.
    package let reason: String
    /// For people, without a full stop.
    package let message: String
    /// When it ends by itself, if that is known.
    package let until: Instant?

    package init(_ reason: String, _ message: String, until: Instant? = nil) {
        self.reason = reason
        self.message = message
        self.until = until
    }

    package init(_ pending: PendingReason) {
        // The message of a job that is not due contains the time.
        let until = pending.reason == .notDue ? nil : pending.until
        self.init(pending.reason.rawValue, pending.message, until: until)
    }

    init(_ withheld: Withheld) {
        let message = withheld.message.hasSuffix(".") ? String(withheld.message.dropLast()) : withheld.message
        // The message is complete by itself.
        self.init(withheld.reason.rawValue, message, until: nil)
    }
}
