// SPDX-License-Identifier: Apache-2.0

/// How long the workspaces of a template live after their claim: `lifetime` of `stoker.yaml`. Seconds; `nil`: no such
/// rule.
package struct Lifetime: Hashable, Sendable {
    /// The lifetime of a workspace whose claim gives none.
    package var defaultSeconds: Int?
    /// The longest lifetime, with all extensions, counted from the claim.
    package var maxSeconds: Int?
    /// How long before an end its owner is warned; 0: not at all.
    package var warnSeconds: Int?
    /// After how long without use a workspace is stopped.
    package var dormantSeconds: Int?
    /// After how long a dormant workspace is deleted.
    package var deleteSeconds: Int?

    /// ``warnSeconds`` of a template that does not say.
    package static let usualWarning = 1_800
    /// The longest ``warnSeconds``.
    package static let longestWarning = 30 * 86_400

    package init(
        defaultSeconds: Int? = nil,
        maxSeconds: Int? = nil,
        warnSeconds: Int? = nil,
        dormantSeconds: Int? = nil,
        deleteSeconds: Int? = nil
    ) {
        self.defaultSeconds = defaultSeconds
        self.maxSeconds = maxSeconds
        self.warnSeconds = warnSeconds
        self.dormantSeconds = dormantSeconds
        self.deleteSeconds = deleteSeconds
    }

    /// The lifetime of a new workspace.
    package enum Granted: Hashable, Sendable {
        /// `nil`: without end.
        case seconds(Int?)
        /// More than the template allows.
        case refused(most: Int)
    }

    /// - Parameter seconds: The requested lifetime; 0: without end; `nil`: the template's default.
    package func granted(_ seconds: Int?) -> Granted {
        guard let seconds else { return .seconds(defaultSeconds ?? maxSeconds) }
        guard let maxSeconds else { return .seconds(seconds == 0 ? nil : seconds) }
        return seconds > 0 && seconds <= maxSeconds ? .seconds(seconds) : .refused(most: maxSeconds)
    }
}
