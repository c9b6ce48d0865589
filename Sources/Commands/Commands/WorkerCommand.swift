// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Server

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
        let settings = try global.settings(options.flags)
        let process = try WorkerProcess(
            settings,
            address: DatabaseAddress(settings),
            telemetry: .bootstrap(settings)
        )
        try await StopRequest.run { stop in
            try await PortProbe(process.settings.http).requireFree()
            try await process.run(stop: stop)
        }
    }
}

/// What `up` and `worker` both accept.
struct WorkerOptions: ParsableArguments {
    @Option(help: "What the worker is called. (STOKER_WORKER_NAME)")
    var name: String?

    @Option(help: "How many jobs it runs at once. (STOKER_WORKER_CONCURRENCY)")
    var concurrency: Int?

    @Option(
        name: .customLong("http-address"),
        help: "Where health, metrics and the page are served. (STOKER_HTTP_ADDRESS)"
    )
    var httpAddress: String?

    var flags: [String: String?] {
        [
            Setting.workerName.key.name: name,
            Setting.concurrency.key.name: concurrency.map(String.init),
            Setting.httpAddress.key.name: httpAddress,
        ]
    }
}
