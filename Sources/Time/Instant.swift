// SPDX-License-Identifier: Apache-2.0

/// A point in time as the database knows it: whole microseconds since 1970-01-01T00:00:00Z.
///
/// It comes from the database or, in tests, from the caller; nothing here reads a clock.
package struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since the Unix epoch.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Whole seconds since the Unix epoch, rounded down.
    package var seconds: Int64 {
        microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
    }

    package init(seconds: Int64) {
        self.init(microseconds: seconds * 1_000_000)
    }

    // The arithmetic saturates: a row may hold any moment, also `infinity`.
    /// The moment that is `duration` later; saturates.
    package static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflows) = instant.microseconds.addingReportingOverflow(duration.microseconds)
        return overflows ? end(isLate: duration.microseconds > 0) : Self(microseconds: sum)
    }

    /// The moment that is `duration` earlier; saturates.
    package static func - (instant: Self, duration: Duration) -> Self {
        let (difference, overflows) = instant.microseconds.subtractingReportingOverflow(duration.microseconds)
        return overflows ? end(isLate: duration.microseconds < 0) : Self(microseconds: difference)
    }

    /// The time from `earlier` to `later`, negative when they come the other way round; saturates.
    package static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflows) = later.microseconds.subtractingReportingOverflow(earlier.microseconds)
        return .microseconds(overflows ? end(isLate: later > earlier).microseconds : difference)
    }

    private static func end(isLate: Bool) -> Self {
        Self(microseconds: isLate ? .max : .min)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    static func floorModulo(_ value: Int64, _ modulus: Int64) -> Int64 {
        let remainder = value % modulus
        return remainder < 0 ? remainder + modulus : remainder
    }
}

extension Duration {
    /// Whole microseconds, the resolution of Postgres' timestamps.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
