// SPDX-License-Identifier: Apache-2.0

/// A warning about the time to live: pools whose prebuilds expire while they are built never fill.
package enum TimeToLive {
    /// - Parameters:
    ///   - seconds: As `invalidate_after_secs`: zero or less is no limit of age.
    ///   - build: How long a build of the preset takes, by earlier ones; `nil`: unknown.
    /// - Returns: The warning, or `nil` when there is none.
    package static func warning(seconds: Int, build: Duration?) -> String? {
        guard seconds > 0, let build, .seconds(seconds) <= build else { return nil }
        return
            "its prebuilds expire \(text(.seconds(seconds))) after they are ordered, and a build takes \(text(build)): "
            + "they expire before anybody can claim them. Give the preset a longer ttl"
    }

    /// `45 s`, `12 min`.
    private static func text(_ duration: Duration) -> String {
        let seconds = Int((duration / .seconds(1)).rounded(.up))
        return seconds < 180 ? "\(seconds) s" : "\(seconds / 60) min"
    }
}
