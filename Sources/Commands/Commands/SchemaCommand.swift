// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Templates

/// `stoker schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print formats for editors.",
        subcommands: [Template.self]
    )

    struct Template: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of a template's stoker.yaml.")

        func run() throws {
            try Console.print(TemplateSchema.json)
        }
    }
}
