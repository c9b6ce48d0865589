// SPDX-License-Identifier: Apache-2.0

import Domain
package import PostgresClient
package import Time

/// New ids of version 7 (RFC 9562): a timestamp, then 74 random bits.
///
/// Rows that are made at about the same time are neighbours in the indexes: they are found on few pages however large
/// the tables are, and inserting them changes few pages.
package enum TimeOrderedID {
    /// An SQL expression that makes a new one whenever it is evaluated.
    package static func sql(at moment: Instant) -> SQL {
        let milliseconds = String(UInt64(max(moment.microseconds, 0)) / 1_000, radix: 16)
        let digits = String(repeating: "0", count: max(12 - milliseconds.count, 0)) + milliseconds
        // The text of a random one after its version digit.
        return "(\("\(digits.prefix(8))-\(digits.dropFirst(8))-7") || right(gen_random_uuid()::text, 21))::uuid"
    }
}

extension Identifier {
    /// A new identifier of version 7.
    static func timeOrdered(at moment: Instant) -> Self {
        let milliseconds = UInt64(max(moment.microseconds, 0)) / 1_000
        return Self(
            high: milliseconds << 16 | 0x7000 | UInt64.random(in: 0...0xfff),
            low: UInt64.random(in: .min ... .max) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        )
    }
}
