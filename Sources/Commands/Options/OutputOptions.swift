// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// For whom a command prints.
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
        help: "How to print: 'table' for people, 'json' for programs."
    )
    var format = OutputFormat.table

    /// Prints one value: as JSON, or in the words for people that are made of it.
    func print<Value: Encodable>(_ value: Value, table: (Value) -> String) throws {
        switch format {
        case .json: try Console.print(JSONText.pretty(value))
        case .table: try Console.print(table(value))
        }
    }
}
