// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations

/// `stoker config`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the configuration.",
        subcommands: [Print.self, Default.self, Document.self]
    )

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every setting, its value, and where the value came from. Secrets are hidden."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            try output.print(SettingRow.all(of: try global.settings().checked())) { $0.text }
        }
    }

    struct Default: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration file with every setting at its default, explained."
        )

        func run() throws {
            try Console.print(String(SettingKey.annotatedFile.dropLast()))
        }
    }

    struct Document: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the table of settings for the documentation.",
            shouldDisplay: false
        )

        func run() throws {
            try Console.print(String(SettingKey.documentation.dropLast()))
        }
    }
}

extension SettingRow {
    static func all(of settings: Settings) -> [SettingRow] {
        SettingKey.all.map { key in
            let given = settings.entry(of: key)?.text.shown
            return SettingRow(
                name: key.name,
                value: key.isSecret && given != nil
                    ? "(hidden)" : given ?? key.defaultNote.map { "(\($0))" } ?? key.defaultText,
                origin: "\(settings.origin(of: key))",
                environment: key.environmentVariable,
                help: key.help
            )
        }
    }
}

extension SettingRow: TableRow {
    static let whenNone = ""

    static var columns: [Table.Column<Self>] {
        [
            .init("setting") { $0.name },
            .init("value") { $0.value ?? "" },
            .init("from") { $0.origin },
        ]
    }
}
