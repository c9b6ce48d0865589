// SPDX-License-Identifier: Apache-2.0

/// How much of a kind a template may have: far more than anybody writes, and little enough that what compares each with each is
/// done at once.
enum TemplateLimits {
    /// Parameters, variables of a module included, and values of a preset.
    static let parameters = 1_000
    static let presets = 1_000
    static let agents = 100
    /// Of one parameter.
    static let options = 1_000
    /// Rows of one schedule: each is compared with each.
    static let scheduleRows = 100
    /// Bytes of a module's file: reading it takes a multiple of that.
    static let moduleFile = 2 << 20
    /// Characters of a regular expression.
    static let pattern = 1_000
    /// Bytes of a value that a regular expression is tried on.
    static let matchedValue = 16 << 10
}
