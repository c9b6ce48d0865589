// SPDX-License-Identifier: Apache-2.0

package import PostgresClient
package import Time

/// New ids of version 7 (RFC 9562): a moment, then 74 random bits.
///
/// What is made at about the same time stands together in the indexes, so that it is found in few pages however large the
/// tables grow, and making it dirties few.
package enum TimeOrderedID {
    /// An expression that makes another one whenever it is evaluated.
    package static func sql(at moment: Instant) -> SQL {
        let milliseconds = String(UInt64(max(moment.microseconds, 0)) / 1_000, radix: 16)
        let digits = String(repeating: "0", count: max(12 - milliseconds.count, 0)) + milliseconds
        // The random one's text from behind its version on.
        return "(\("\(digits.prefix(8))-\(digits.dropFirst(8))-7") || right(gen_random_uuid()::text, 21))::uuid"
    }
}
