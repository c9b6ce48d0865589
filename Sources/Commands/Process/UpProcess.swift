// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LocalPostgres
import Logging
import Operations
import Server
import Store
import SystemPackage
import Templates
import Worker

/// `stoker up`: a worker process with what it needs on one machine. What it starts, it stops.
struct UpProcess: Sendable {
    private let settings: Settings
    private let http: HTTPConfiguration
    private let directory: DataDirectory
    private let telemetry: ProcessTelemetry
    private let pushesExample: Bool

    /// Reads and checks all of the configuration; touches nothing.
    init(_ settings: Settings, telemetry: ProcessTelemetry, pushesExample: Bool) throws {
        self.settings = settings
        http = try WorkerSettings(settings, zones: ZoneDirectory()).http
        directory = try DataDirectory(settings)
        self.telemetry = telemetry
        self.pushesExample = pushesExample
    }

    /// Runs until a stop is asked for. What may be in the way is found before anything is started.
    func run(stop: StopRequest) async throws {
        try makeDirectory()
        let lock = try UpLock.take(directory)
        try await PortProbe(http).requireFree()
        guard DatabaseAddress.isConfigured(in: settings) else {
            try await runWithOwnDatabase(stop)
            _ = consume lock
            return
        }
        try await runWorker(DatabaseAddress(settings), stop)
        _ = consume lock
    }

    private func runWithOwnDatabase(_ stop: StopRequest) async throws {
        let cluster = LocalCluster(dataDirectory: directory.path, logger: telemetry.logger)
        do {
            let url = try await cluster.start()
            try Task.checkCancellation()
            try await runWorker(DatabaseAddress(url: url, source: .up(directory)), stop)
        } catch {
            try await cluster.stop()
            throw error
        }
        try await cluster.stop()
    }

    private func runWorker(_ address: DatabaseAddress, _ stop: StopRequest) async throws {
        let token = TokenSecret.random()
        let worker = try WorkerProcess(settings, address: address, telemetry: telemetry, pageToken: token)
        try await GlobalOptions.withStore(address, requiringSchema: false) { store in
            for step in try await store.migrate() {
                telemetry.logger.info("schema migrated", metadata: ["step": "\(step.version) \(step.name)"])
            }
        }
        defer { UpRecord.remove(directory) }
        try await worker.run(stop: stop) { store, http in
            try UpRecord(databaseURL: address.url, httpAddress: "\(http)", pid: getpid()).write(directory)
            let template = try await template(store, address)
            let banner = UpBanner(
                http: http,
                pageToken: token,
                directory: directory,
                settings: settings,
                template: template
            )
            try Console.print(banner.text)
        }
    }

    /// The name of a template that people can try; `nil`: there is none.
    private func template(_ store: Store, _ address: DatabaseAddress) async throws -> String? {
        let templates = try await store.templates()
        guard templates.isEmpty, pushesExample else { return templates.first?.name }
        let hasTerraform =
            settings[.terraformBinary] != nil
            || ["terraform", "tofu"].contains { Host.program($0, environment: settings.environment) != nil }
        let entries = (hasTerraform ? ExampleTemplate.terraform : .process).entries
        let push = PushTemplate(
            archive: Data(try TarArchive.pack(entries)),
            message: "The example that comes with Stoker."
        )
        let worker = try WorkerSettings(settings, zones: ZoneDirectory())
        let context = OperationContext(settings, worker, store: store, address: address, caller: .machine(Host.user))
        let report = try await TemplatePushing(control: LocalControl(context: context)).push(push) { line in
            telemetry.logger.debug("\(LogPrinter.text(line))")
        }
        return report.templateName
    }

    private func makeDirectory() throws {
        do {
            try FileManager.default.createDirectory(atPath: directory.path.string, withIntermediateDirectories: true)
        } catch {
            throw CommandError(
                "the data directory '\(directory.path)' cannot be made",
                remedy: "Choose one that you can write to: --data-directory DIR, or STOKER_DATA_DIRECTORY."
            )
        }
    }
}
