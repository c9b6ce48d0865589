// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations

/// A cap or quota: a whole number, or `none`.
struct LimitArgument: ExpressibleByArgument, Hashable {
    /// `nil`: no limit.
    let limit: Int?

    static let none = LimitArgument(limit: nil)

    private init(limit: Int?) {
        self.limit = limit
    }

    init?(argument: String) {
        if argument.lowercased() == "none" {
            self = .none
        } else if let limit = Int(argument), limitRange.contains(limit) {
            self.init(limit: limit)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { limit.map { "\($0)" } ?? "none" }
}
