// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Store

/// `stoker prebuilds`
struct PrebuildsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prebuilds",
        abstract: "Hold the pools still, and let them go on.",
        subcommands: [Pause.self, Resume.self]
    )

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the reconciler rest: nothing is created or deleted; claims are served from stock."
        )

        @OptionGroup var pause: PauseOptions
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withStore { store, _, _ in
                try await store.pause(.prebuilds, until: pause.until, reason: pause.reason, by: Host.user)
            }
            try Console.note("The pools stand still. 'stoker prebuilds resume' lets them go on.")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a pause of the reconciler.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withStore { store, _, _ in try await store.resume(.prebuilds, by: Host.user) }
            try Console.note("The pools go on.")
        }
    }
}
