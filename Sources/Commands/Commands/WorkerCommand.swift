// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker worker`
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run a worker: reconcile pools, run jobs, send webhooks.",
        discussion: """
            The first SIGTERM drains: nothing new is begun, running jobs go on until worker.drain_deadline, and are then \
            handed to other workers. A second signal, or SIGINT, interrupts them at once. A third kills them, and the exit \
            code is 1.
            """
    )

    @OptionGroup var options: WorkerOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try WorkerSettings(global.settings(options.flags))
        let address = try DatabaseAddress(settings.all)
        let process = WorkerProcess(settings: settings, address: address, telemetry: try .bootstrap(settings.all))
        try await StopRequest.run { stop in
            try await PortProbe(settings.http).requireFree()
            try await process.run(stop: stop)
        }
    }
}

/// The options of `up` and `worker`.
struct WorkerOptions: ParsableArguments {
    @Option(help: "The worker's name. (STOKER_WORKER_NAME)")
    var name: String?

    @Option(help: "How many jobs it runs at once. (STOKER_WORKER_CONCURRENCY)")
    var concurrency: Int?

    @Option(
        name: .customLong("http-address"),
        help: "The address of the HTTP server. (STOKER_HTTP_ADDRESS)"
    )
    var httpAddress: String?

    var flags: [String: String?] {
        [
            SettingKey[\.workerName].name: name,
            SettingKey[\.concurrency].name: concurrency.map(String.init),
            SettingKey[\.httpAddress].name: httpAddress,
        ]
    }
}
