// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `--limit`, for every command that lists.
struct CountOptions: ParsableArguments {
    @Option(help: "How many at most.")
    var limit = 50

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000, not \(limit).") }
    }
}
