// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run everything on this machine: database, worker, HTTP server.",
        discussion: """
            Without a configured database it starts a private Postgres in the data directory, from the server that is \
            installed here. Other commands on this machine find it without any configuration. Ctrl-C stops everything that \
            was started.
            """
    )

    @OptionGroup var options: WorkerOptions

    @Flag(inversion: .prefixedNo, help: "Push the example templates when there is no template yet.")
    var example = true

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try WorkerSettings(global.settings(options.flags))
        let process = try UpProcess(settings, telemetry: .bootstrap(settings.all), pushesExample: example)
        try await StopRequest.run { stop in
            do {
                try await process.run(stop: stop)
            } catch is CancellationError where stop.isMade {
                // Canceled before it was up: nothing is left running.
            }
        }
    }
}
