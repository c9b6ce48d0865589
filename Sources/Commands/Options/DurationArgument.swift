// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// A duration in the notation of settings, such as `90s` or `5m`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = DurationNotation.read(argument) else { return nil }
        self.duration = duration
    }

    var seconds: Int { Int(duration.components.seconds) }
    var defaultValueDescription: String { DurationNotation.write(duration) }
}
