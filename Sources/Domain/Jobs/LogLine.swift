// SPDX-License-Identifier: Apache-2.0

/// The level of a log line; the raw values are the database's enum `log_level`.
package enum LogLevel: String, Sendable, Hashable, CaseIterable, Codable {
    case trace, debug, info, warn, error
}

/// The author of a log line.
package enum LogSource: String, Sendable, Hashable, CaseIterable, Codable {
    case provisioner
    /// Stoker itself.
    case worker
}

/// One line of a job's log.
package struct LogLine: Sendable, Hashable {
    package var source: LogSource
    package var level: LogLevel
    /// The stage: `init`, `plan`, `apply`, `destroy`, or one that a process names.
    package var stage: String
    package var output: String

    package init(source: LogSource = .provisioner, level: LogLevel, stage: String = "", output: String) {
        self.source = source
        self.level = level
        self.stage = stage.storable
        self.output = output.storable
    }
}

extension String {
    /// The text without NUL, which Postgres refuses in `text` and `jsonb`: each is replaced (U+FFFD).
    package var storable: String {
        guard utf8.contains(0) else { return self }
        return String(decoding: utf8.flatMap { $0 == 0 ? [0xef, 0xbf, 0xbd] : [$0] }, as: UTF8.self)
    }
}
