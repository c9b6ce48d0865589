// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Store

/// Prints a job's log line by line.
struct LogPrinter {
    let format: OutputFormat

    func print(_ line: StoredLogLine) throws {
        switch format {
        case .json: try Console.print(JSONText.line(line))
        case .table: try Console.print(Self.text(line))
        }
    }

    /// One line. Ordinary levels are not shown.
    static func text(_ line: StoredLogLine) -> String {
        let level = line.level == .warn || line.level == .error ? "\(line.level): " : ""
        let stage = line.stage.isEmpty ? "" : "[\(line.stage)] "
        return Printable.line(stage + level + line.output)
    }
}
