// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Store

/// `stoker migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Migrate the database's schema to this program's.",
        discussion: "Any number may run at once. Workers of the previous release keep running meanwhile."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await global.composition().withStore(requiringSchema: false) { store, _ in
            Report(applied: try await store.migrate().map { .init(version: $0.version, name: $0.name) })
        }
        try output.print(report, table: \.text)
    }

    struct Report: Encodable {
        struct Step: Encodable {
            let version: Int
            let name: String
        }

        let applied: [Step]

        var text: String {
            guard let last = applied.last else { return "The schema is up to date." }
            let steps = applied.map { "\($0.version) \($0.name)" }.joined(separator: ", ")
            return "Applied \(steps). The schema is at step \(last.version)."
        }
    }
}
