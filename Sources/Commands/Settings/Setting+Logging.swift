// SPDX-License-Identifier: Apache-2.0

import Logging
import Telemetry

extension Setting where Value == Logger.Level {
    static let logLevel = Setting(
        "log.level",
        .choice,
        default: .info,
        "What workers log: lines of this level and above, on standard error."
    )
}

extension Setting where Value == LogFormat {
    static let logFormat = Setting("log.format", .choice, default: .text, "How: for people, or one JSON object a line.")
}
