// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker pools`
struct PoolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools",
        abstract: "Size pools, and look at their past.",
        subcommands: [History.self, Simulate.self]
    )
}
