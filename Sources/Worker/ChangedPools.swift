// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The presets whose pools have changed, as notifications name them, until the next pass looks at them.
package final class ChangedPools: Sendable {
    /// What a pass looks at.
    enum Scope: Hashable, Sendable {
        case all
        /// May be empty: nothing has changed.
        case presets(Set<PresetID>)

        static let none = Self.presets([])

        /// `nil`: all.
        var presets: Set<PresetID>? {
            if case .presets(let presets) = self { presets } else { nil }
        }

        func union(_ other: Self) -> Self {
            guard case .presets(let mine) = self, case .presets(let others) = other else { return .all }
            let both = mine.union(others)
            return both.count > Self.limit ? .all : .presets(both)
        }

        /// With more presets than this, a pass for all pools takes no longer.
        private static let limit = 128
    }

    private let scope = Mutex(Scope.none)

    package init() {}

    /// - Parameter payload: Of a notification on `Channel.reconcile`. What is no preset's id is about all pools, such as
    ///   a payload of another release.
    package func tell(_ payload: String) {
        let told: Scope = PresetID(payload).map { .presets([$0]) } ?? .all
        scope.withLock { $0 = $0.union(told) }
    }

    /// What has changed since the last call.
    func take() -> Scope {
        scope.withLock { scope in
            defer { scope = .none }
            return scope
        }
    }
}
