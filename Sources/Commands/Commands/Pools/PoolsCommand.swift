// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker pools`
struct PoolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools",
        abstract: "Size pools, and show how they do and did.",
        subcommands: [List.self, Show.self, Set.self, Reset.self, History.self, Simulate.self]
    )
}
