// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole nanoseconds, limited to the range of 64 bits.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < 4_000_000_000 else {
            return seconds < 0 ? -4_000_000_000_000_000_000 : 4_000_000_000_000_000_000
        }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Whole milliseconds.
    package var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
