// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The format of a command's output.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// People.
    case table
    /// Programs.
    case json
}

/// `--output`, for every command that lists or reports.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "The format: 'table' for people, 'json' for programs."
    )
    var format = OutputFormat.table

    /// Prints one value: as JSON, or as the text that is made from it.
    func print<Value: Encodable>(_ value: Value, table: (Value) -> String) throws {
        switch format {
        case .json: try Console.print(JSONText.pretty(value))
        case .table: try Console.print(table(value))
        }
    }
}
