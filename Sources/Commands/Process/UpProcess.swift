// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import Glibc
import LocalPostgres
import Logging
import Operations
import Provisioning
import Server
import Store
import SystemPackage
import Templates
import Worker

/// `stoker up`: a worker process with everything that it needs on one machine. It stops what it has started.
struct UpProcess: Sendable {
    private let settings: WorkerSettings
    private let directory: DataDirectory
    private let telemetry: ProcessTelemetry
    private let pushesExample: Bool

    /// Changes nothing.
    init(_ settings: WorkerSettings, telemetry: ProcessTelemetry, pushesExample: Bool) throws {
        self.settings = settings
        directory = try DataDirectory(settings.all)
        self.telemetry = telemetry
        self.pushesExample = pushesExample
    }

    /// Runs until a stop is requested. Obstacles are found before anything starts.
    func run(stop: StopRequest) async throws {
        try makeDirectory()
        let lock = try UpLock.take(directory)
        try await PortProbe(settings.http).requireFree()
        if try DatabaseAddress.isConfigured(in: settings.all) {
            try await runWorker(DatabaseAddress(settings.all), stop)
        } else {
            try await runWithOwnDatabase(stop)
        }
        _ = consume lock
    }

    private func runWithOwnDatabase(_ stop: StopRequest) async throws {
        let cluster = LocalCluster(dataDirectory: directory.path, logger: telemetry.logger)
        try await withCleanup {
            try await cluster.stop()
        } after: {
            let url = try await cluster.start()
            try Task.checkCancellation()
            try await runWorker(DatabaseAddress(url: url, source: .up(directory)), stop)
        }
    }

    private func runWorker(_ address: DatabaseAddress, _ stop: StopRequest) async throws {
        let token = TokenSecret.random()
        let worker = WorkerProcess(settings: settings, address: address, telemetry: telemetry, pageToken: token)
        try await Composition.withStore(address, requiringSchema: false) { store in
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
                settings: settings.all,
                template: template
            )
            try Console.print(banner.text)
        }
    }

    /// The name of a template for the banner; `nil`: there is none.
    private func template(_ store: Store, _ address: DatabaseAddress) async throws -> String? {
        let templates = try await store.templates()
        guard templates.isEmpty, pushesExample else { return templates.first?.name }
        let hasTerraform =
            settings.terraform.binary != nil
            || ["terraform", "tofu"].contains { Host.program($0, environment: settings.all.environment) != nil }
        let entries = (hasTerraform ? ExampleTemplate.terraform : .process).entries
        let push = PushTemplate(
            archive: Data(try TarArchive.pack(entries)),
            message: "The example that comes with Stoker."
        )
        let control = Composition(settings.all).context(store, address, zones: settings.zones)
        let report = try await TemplatePushing(control: control).push(push) { line in
            telemetry.logger.debug("\(LogPrinter.text(line))")
        }
        return report.templateName
    }

    private func makeDirectory() throws {
        do {
            try FileManager.default.createDirectory(atPath: directory.path.string, withIntermediateDirectories: true)
        } catch {
            throw CommandError(
                "the data directory '\(directory.path)' cannot be created",
                remedy: "Choose one that you can write to: --data-directory DIR, or STOKER_DATA_DIRECTORY."
            )
        }
    }
}
