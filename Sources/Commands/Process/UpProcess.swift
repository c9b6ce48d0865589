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
        let worker = WorkerProcess(settings: settings, address: address, telemetry: telemetry, consoleToken: token)
        try await Composition.withStore(address, requiringSchema: false) { store in
            for step in try await store.migrate() {
                telemetry.logger.info("schema migrated", metadata: ["step": "\(step.version) \(step.name)"])
            }
        }
        defer { UpRecord.remove(directory) }
        try await worker.run(stop: stop) { store, http in
            try UpRecord(databaseURL: address.url, httpAddress: "\(http)", pid: getpid()).write(directory)
            let pushed = try await pushExamples(store, address)
            let banner = UpBanner(
                http: http,
                consoleToken: token,
                directory: directory,
                settings: settings.all,
                pushed: pushed,
                hasTerraform: hasTerraform,
                steps: try await FirstSteps(store)
            )
            try Console.print(banner.text)
        }
    }

    /// Whether Terraform or OpenTofu is set, or found on PATH.
    private var hasTerraform: Bool {
        settings.terraform.binary != nil
            || ["terraform", "tofu"].contains { Host.program($0, environment: settings.all.environment) != nil }
    }

    /// Pushes the examples that can be built here, when there is no template yet; returns those that were imported.
    private func pushExamples(_ store: Store, _ address: DatabaseAddress) async throws -> [ExampleTemplate] {
        guard pushesExample, try await store.templates().isEmpty else { return [] }
        let control = Composition(settings.all).context(store, address, zones: settings.zones)
        var pushed: [ExampleTemplate] = []
        for example in ExampleTemplate.allCases where example != .terraform || hasTerraform {
            let push = PushTemplate(
                archive: Data(try TarArchive.pack(example.entries)),
                message: "An example that comes with Stoker."
            )
            do {
                _ = try await TemplatePushing(control: control).push(push) { line in
                    telemetry.logger.debug("\(LogPrinter.text(line))")
                }
                pushed.append(example)
            } catch let error as CommandError {
                // Such as a Terraform that does not start: everything else works without this example.
                try Console.note("warning: the example \(example.rawValue) was not imported: \(error)")
            }
        }
        return pushed
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
