// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store

/// `stoker prebuilds`
struct PrebuildsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prebuilds",
        abstract: "List, pause and resume pools.",
        subcommands: [List.self, Pause.self, Resume.self]
    )

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pause the reconciler: nothing is created or deleted; claims get existing prebuilds.",
            discussion:
                "With --template, only the pools of that template are not filled; expired prebuilds are still deleted."
        )

        @OptionGroup var pause: PauseOptions

        @Option(help: "Only the pools of this template.")
        var template: String?

        @OptionGroup var control: ControlOptions

        func validate() throws {
            guard template == nil || pause.reason.isEmpty else {
                throw ValidationError("--reason is only for a pause of all pools.")
            }
        }

        func run() async throws {
            let operation = PausePrebuilds(template: template, until: pause.until, reason: pause.reason)
            _ = try await control.ask(operation)
            let (what, option) = template.map { ("The pools of \($0)", " --template \($0)") } ?? ("The pools", "")
            try Console.note("\(what) are paused. 'stoker prebuilds resume\(option)' resumes them.")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a pause of the reconciler, or of a template's pools."
        )

        @Option(help: "Only the pools of this template, if they were paused with --template.")
        var template: String?

        @OptionGroup var control: ControlOptions

        func run() async throws {
            _ = try await control.ask(ResumePrebuilds(template: template))
            try Console.note("\(template.map { "The pools of \($0)" } ?? "The pools") go on.")
        }
    }
}
