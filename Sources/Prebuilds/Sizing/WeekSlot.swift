// SPDX-License-Identifier: Apache-2.0

package import Time

/// A quarter of an hour on the calendar, and which of the week's 672 it is on the clocks of a time zone.
package struct WeekSlot: Hashable, Sendable {
    /// A quarter of an hour, in seconds.
    package static let seconds: Int64 = 900
    package static let perDay = 96
    package static let perWeek = 672

    /// Quarters of an hour since 1970-01-01T00:00:00Z.
    package let number: Int64

    package init(number: Int64) {
        self.number = number
    }

    /// The slot that `instant` lies in.
    package init(at instant: Instant) {
        let seconds = instant.seconds
        number = (seconds - Self.modulo(seconds, Self.seconds)) / Self.seconds
    }

    /// Its first moment.
    package var start: Instant { Instant(seconds: number * Self.seconds) }
    /// The first moment of the next one.
    package var end: Instant { Instant(seconds: (number + 1) * Self.seconds) }

    /// 0 is Monday 00:00 to 00:15 in `zone`; 671 is the end of Sunday.
    package func bin(in zone: TimeZoneRules) -> Int {
        let local = number * Self.seconds + Int64(zone.offset(at: start))
        // 1970-01-01 was a Thursday.
        let slots = (local - Self.modulo(local, Self.seconds)) / Self.seconds + 3 * Int64(Self.perDay)
        return Int(Self.modulo(slots, Int64(Self.perWeek)))
    }

    private static func modulo(_ value: Int64, _ modulus: Int64) -> Int64 {
        let remainder = value % modulus
        return remainder < 0 ? remainder + modulus : remainder
    }
}
