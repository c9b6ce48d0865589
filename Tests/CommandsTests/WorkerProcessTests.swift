// SPDX-License-Identifier: Apache-2.0

import Logging
import Provisioning
import Server
import ServiceLifecycle
import Telemetry
import Templates
import Testing
import UnixSignals
import Worker

@testable import Commands

@Suite struct WorkerProcessTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func problems(_ flags: [String: String]) throws -> [String] {
        let directory = ["data_directory": "/nowhere"]
        do {
            _ = try WorkerSettings(Settings(flags: flags.merging(directory) { $1 }), zones: ZoneDirectory())
            return []
        } catch let error as SettingsError {
            return error.problems
        }
    }

    @Test func `settings that do not fit together are told at once`() throws {
        #expect(try Self.problems([:]) == [])
        #expect(
            try Self.problems([
                "worker.heartbeat_interval": "21s", "worker.reserved_interactive_slots": "5", "http.address": "8080",
                "notifications.allow_networks": "10.0.0.1/8",
            ]) == [
                "worker.heartbeat_interval: expected at most a third of worker.lease_duration (1m), found '21s'",
                "worker.reserved_interactive_slots: expected at most worker.concurrency (4)",
                "http.address: expected host:port, such as 127.0.0.1:8080, found '8080'",
                "notifications.allow_networks: network '10.0.0.1/8': bits after the prefix are set; did you mean 10.0.0.0/8?",
            ]
        )
    }

    @Test(arguments: ["short", "AAAA", "not base64 at all, and no key either"])
    func `an encryption key that is none is refused, and not repeated`(key: String) throws {
        let problems = try Self.problems(["encryption.key": key])
        #expect(problems.count == 1)
        #expect(problems.first?.contains("expected 32 bytes in base64") == true)
        #expect(problems.first?.contains(key) == false)
    }

    @Test func `several keys may be given: the first seals, all open`() throws {
        let old = String(repeating: "A", count: 43) + "="
        let new = String(repeating: "B", count: 42) + "A="
        let before = try Settings(flags: ["encryption.key": old]).stateCodec
        let after = try Settings(flags: ["encryption.key": "\(new),\(old)"]).stateCodec
        let sealed = try before.seal([1, 2, 3])
        #expect(sealed != [1, 2, 3])
        #expect(try after.open(sealed) == [1, 2, 3])
    }

    // MARK: Signals

    private static func phases(after signals: [UnixSignal]) async -> [Drain.Phase] {
        let drain = Drain()
        let stop = StopRequest()
        await stop.attach(drain, ServiceGroup(services: [], logger: logger))
        var phases: [Drain.Phase] = []
        for signal in signals {
            await stop.receive(signal)
            phases.append(drain.phase)
        }
        #expect(drain.isFinal)
        #expect(stop.wasHard == (phases.last == .killing))
        return phases
    }

    @Test func `the first SIGTERM drains, the second interrupts, the third kills`() async {
        #expect(
            await Self.phases(after: [.sigterm, .sigterm, .sigterm, .sigterm])
                == [.draining, .interrupting, .killing, .killing]
        )
    }

    @Test func `SIGINT interrupts at once`() async {
        #expect(await Self.phases(after: [.sigint, .sigint]) == [.interrupting, .killing])
        #expect(await Self.phases(after: [.sigterm, .sigint]) == [.draining, .interrupting])
    }

    @Test(.timeLimit(.minutes(1))) func `a stop during the start gives the start up`() async throws {
        let stop = StopRequest()
        let begun = Promise<Void>()
        let start = Task {
            try await stop.startingUnlessStopped {
                begun.fulfill(())
                try await Task.sleep(for: .seconds(20))
            }
        }
        _ = await begun.value()
        await stop.receive(.sigterm)
        await #expect(throws: CancellationError.self) { try await start.value }
        #expect(stop.isMade)
    }

    // MARK: Services

    /// Ends by itself when told to.
    private struct Sprinter: Service {
        let go: Promise<Void>
        let ended: Promise<Void>

        func run() async throws {
            _ = await go.value()
            ended.fulfill(())
        }
    }

    /// Runs until its turn comes, and then takes its time.
    private struct Marathon: Service {
        let isShuttingDown: Promise<Void>
        let mayEnd: Promise<Void>
        let wasCanceled: Promise<Bool>

        func run() async throws {
            try? await gracefulShutdown()
            isShuttingDown.fulfill(())
            _ = await mayEnd.value()
            wasCanceled.fulfill(Task.isCancelled)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a service that ends while another is being stopped cancels nobody`()
        async throws
    {
        let (go, sprinterEnded, early) = (Promise<Void>(), Promise<Void>(), Promise<Void>())
        let (stopping, mayEnd, wasCanceled) = (Promise<Void>(), Promise<Void>(), Promise<Bool>())
        let services: [any Service] = [
            InTurn(service: Sprinter(go: go, ended: sprinterEnded)) { early.fulfill(()) },
            Marathon(isShuttingDown: stopping, mayEnd: mayEnd, wasCanceled: wasCanceled),
        ]
        let group = ServiceGroup(services: services, logger: Self.logger)
        let run = Task { try await group.run() }
        await group.triggerGracefulShutdown()
        _ = await stopping.value()
        go.fulfill(())
        _ = await sprinterEnded.value()
        _ = await early.value()
        mayEnd.fulfill(())
        #expect(await wasCanceled.value() == false)
        try await run.value
    }

    @Test func `a service is called by its type, not by what it holds`() {
        let service = InTurn(service: Sprinter(go: Promise(), ended: Promise())) {}
        #expect("\(service)" == "Sprinter")
    }

    @Test(.timeLimit(.minutes(1))) func `a port in use is found before anything starts`() async throws {
        let up = Promise<HTTPAddress>()
        // An address of its own: nobody else's connection takes the port when the server has left it.
        let server = buildServer(
            configuration: HTTPConfiguration(address: HTTPAddress(host: "127.77.0.1", port: 0)),
            readiness: { [] },
            registry: MetricsRegistry(families: []),
            logger: Self.logger,
            listening: { up.fulfill($0) }
        )
        let group = ServiceGroup(services: [server], logger: Self.logger)
        let run = Task { try await group.run() }
        let address = try #require(await up.value())
        let error = await #expect(throws: ServerError.self) {
            try await PortProbe(HTTPConfiguration(address: address)).requireFree()
        }
        #expect(error?.code == .addressInUse)
        await group.triggerGracefulShutdown()
        try await run.value
        try await PortProbe(HTTPConfiguration(address: address)).requireFree()
    }
}
