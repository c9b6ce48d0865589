// SPDX-License-Identifier: Apache-2.0

/// Limits of a template. They are far above real templates, and low enough that comparing all pairs takes no time.
enum TemplateLimits {
    /// Parameters, a module's variables, and values of a preset.
    static let parameters = 1_000
    static let presets = 1_000
    static let agents = 100
    /// Of one parameter.
    static let options = 1_000
    /// Windows of one schedule, which are compared pair by pair.
    static let scheduleRows = 100
    /// Bytes of a module's file; reading it needs a multiple of that.
    static let moduleFile = 2 << 20
    /// Characters of a regular expression.
    static let pattern = 1_000
}
