// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Time

/// A moment in the past: a time such as `2025-06-02T03:00:00Z`, or how long ago it was, such as `24h`.
struct MomentArgument: ExpressibleByArgument {
    let instant: Instant

    init?(argument: String) {
        if let instant = Instant(iso8601: argument) {
            self.instant = instant
        } else if let age = DurationNotation.read(argument) {
            instant = Host.now - age
        } else {
            return nil
        }
    }
}
