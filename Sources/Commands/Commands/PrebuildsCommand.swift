// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store

/// `stoker prebuilds`
struct PrebuildsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prebuilds",
        abstract: "What is in the pools; hold them still, and let them go on.",
        subcommands: [List.self, Pause.self, Resume.self]
    )

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the reconciler rest: nothing is created or deleted; claims are served from stock.",
            discussion:
                "With --template, the pools of that template alone are not filled; what has expired is deleted still."
        )

        @OptionGroup var pause: PauseOptions

        @Option(help: "Only the pools of this template.")
        var template: String?

        @OptionGroup var control: ControlOptions

        func validate() throws {
            guard template == nil || pause.reason.isEmpty else {
                throw ValidationError("--reason is for a pause of all pools.")
            }
        }

        func run() async throws {
            let operation = PausePrebuilds(template: template, until: pause.until, reason: pause.reason)
            _ = try await control.ask(operation)
            let (what, option) = template.map { ("The pools of \($0)", " --template \($0)") } ?? ("The pools", "")
            try Console.note("\(what) stand still. 'stoker prebuilds resume\(option)' lets them go on.")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a pause of the reconciler, or of a template's pools."
        )

        @Option(help: "Only the pools of this template, if they are paused by themselves.")
        var template: String?

        @OptionGroup var control: ControlOptions

        func run() async throws {
            _ = try await control.ask(ResumePrebuilds(template: template))
            try Console.note("\(template.map { "The pools of \($0)" } ?? "The pools") go on.")
        }
    }
}
