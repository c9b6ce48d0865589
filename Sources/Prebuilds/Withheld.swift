// SPDX-License-Identifier: Apache-2.0

package import Time

/// A change that the counts call for and a pass withholds, and why.
package struct Withheld: Hashable, Sendable {
    /// What is not done.
    package enum Change: String, Hashable, Sendable, Codable {
        case create, delete, cancel
    }

    /// Why it is not done.
    package enum Reason: String, Hashable, Sendable, Codable {
        /// The fleet or the template is paused by an operator.
        case paused
        /// Recent builds failed; the next attempt waits.
        case backoff
        /// The newest builds all failed, or too many were ordered in vain; creation waits for a reset.
        case hardLimited = "hard_limited"
        /// The preset cannot be built as it is.
        case validationFailed = "validation_failed"
        /// The version's import has not succeeded.
        case versionNotReady = "version_not_ready"
        /// The maximum number of start jobs of prebuilds are waiting in the queue.
        case capped
        /// The organization holds its maximum number of prebuilds.
        case quota
        /// The pool is handed over to another version, step by step.
        case rollout
    }

    package let change: Change
    /// How many prebuilds it concerns; at least 1.
    package let count: Int
    package let reason: Reason
    /// When the reason ends by itself, if that is known.
    package let until: Instant?
    /// Recent failures, for back-off and hard limit.
    package let failures: Int?
    /// A message for an operator: the cause and the remedy.
    package let message: String

    package init(
        _ change: Change,
        count: Int,
        reason: Reason,
        until: Instant? = nil,
        failures: Int? = nil,
        message: String
    ) {
        self.change = change
        self.count = count
        self.reason = reason
        self.until = until
        self.failures = failures
        self.message = message
    }
}

extension Withheld: Codable {
    private enum CodingKeys: String, CodingKey {
        case change = "type"
        case count, reason, until, failures, message
    }
}
