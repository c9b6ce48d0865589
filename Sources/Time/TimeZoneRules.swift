// SPDX-License-Identifier: Apache-2.0

/// The offset of a time zone from UTC at every moment.
///
/// It is read from the bytes of a TZif file (RFC 9636), such as those below `/usr/share/zoneinfo`. The platform's own
/// time zones are silently missing in a static build (Documentation/Decisions/0013-time-zones-and-cron.md).
package struct TimeZoneRules: Hashable, Sendable {
    /// A time span without a change of the offset.
    struct Period: Hashable, Sendable {
        /// Seconds east of UTC.
        let offset: Int
        /// Seconds since the Unix epoch at which the next span begins; `nil`: there is none.
        let end: Int64?
    }

    /// Coordinated universal time; needs no file.
    package static let utc = Self(transitions: [], offsets: [0], tail: nil)

    /// Moments of change, in seconds since the Unix epoch, ascending.
    private let transitions: [Int64]
    /// `offsets[0]` holds before the first transition, `offsets[i + 1]` from `transitions[i]` on.
    private let offsets: [Int]
    /// The rule after the last transition; `nil`: the last offset stays.
    private let tail: PosixTimeZone?

    /// `offsets` holds one more than `transitions`, which ascend strictly.
    init(transitions: [Int64], offsets: [Int], tail: PosixTimeZone?) {
        self.transitions = transitions
        self.offsets = offsets
        self.tail = tail
    }

    /// Seconds east of UTC at `instant`.
    package func offset(at instant: Instant) -> Int {
        period(at: instant.seconds).offset
    }

    /// The rules for `name` among the loaded ones; the empty name and UTC need not be loaded. `nil`: unknown.
    package static func named(_ name: String, in zones: [String: Self]) -> Self? {
        zones[name] ?? (name.isEmpty || name == "UTC" || name == "Etc/UTC" ? .utc : nil)
    }

    /// Whether `name` has the form of an IANA name, such as `America/Argentina/Buenos_Aires`.
    ///
    /// Only such a name may be looked up below the system's time zone directory: it cannot lead out of it.
    package static func isWellFormed(name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            guard let first = part.first, Character(UnicodeScalar(first)).isLetter else { return false }
            return part.allSatisfy { byte in
                switch UnicodeScalar(byte) {
                case "0"..."9", "A"..."Z", "a"..."z", "_", "-", "+": true
                default: false
                }
            }
        }
    }

    func period(at seconds: Int64) -> Period {
        let passed = countOfTransitions(upTo: seconds)
        if passed == transitions.count, let tail { return tail.period(at: seconds) }
        return Period(offset: offsets[passed], end: passed < transitions.count ? transitions[passed] : nil)
    }

    private func countOfTransitions(upTo seconds: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
