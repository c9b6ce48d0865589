// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import Logging
import PostgresClient
import Server
import ServiceLifecycle
import Store
import Time
import Webhooks
import Worker

/// How fast events reach a receiver, from the commit of their change to the receiver's hands.
struct WebhookBench {
    let address: DatabaseAddress
    let events: Int
    let concurrency: Int
    let rate: Int
    let seconds: Int
    let note: (String) throws -> Void

    private static let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })
    private static let secret = SigningKey.randomSecret()
    /// Events that go before the measurement, so that statements are prepared, connections open, and pages in memory.
    private static let warmUp = 1_000

    func figures() async throws -> [BenchFigure] {
        try await ScratchDatabases.using(address) { databases in
            var configuration = address.directConfiguration
            configuration.database = try await databases.make()
            return try await PostgresPool.withPool(configuration, size: 4, logger: Self.logger) { pool in
                try await figures(Store(pool: pool), configuration)
            }
        }
    }

    private func figures(_ store: Store, _ configuration: PostgresConfiguration) async throws -> [BenchFigure] {
        let sink = BenchSink()
        let up = Whistle<HTTPAddress>()
        let receiver = buildSink(logger: Self.logger, received: sink.received) { up.blow($0) }
        let client = try HTTPClient(Self.client)
        let wakeUps = WakeUps(
            listener: PostgresListener(configuration: configuration, channels: WakeUps.channels, logger: Self.logger)
        )
        let deliverer = Deliverer(
            store: store,
            worker: .random(),
            client: client,
            bell: wakeUps.events,
            logger: Self.logger
        )
        let services: [any Service] = [receiver, wakeUps, deliverer]
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                logger: Self.logger
            )
        )
        async let running: Void = group.run()
        guard let listening = await up.heard() else { throw CommandError("the receiver did not start") }
        let url = try EndpointURL("http://\(listening)/")
        do {
            try await store.addEndpoint(
                Endpoint(
                    name: "bench",
                    url: url.text,
                    secret: Array(Self.secret.encoded.utf8),
                    maximumConcurrency: concurrency
                )
            )
            let figures = try await measure(store, sink, url)
            await group.triggerGracefulShutdown()
            try await running
            return figures
        } catch {
            await group.triggerGracefulShutdown()
            _ = try? await running
            throw error
        }
    }

    private static var client: HTTPClientConfiguration {
        get throws {
            var configuration = HTTPClientConfiguration()
            configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
            configuration.maximumTransfersPerKey = configuration.maximumTransfers
            return configuration
        }
    }

    private func measure(_ store: Store, _ sink: BenchSink, _ url: EndpointURL) async throws -> [BenchFigure] {
        try note("Warming up ...")
        try await store.addBenchEvents(Self.warmUp)
        await sink.wait(for: Self.warmUp)
        let ceiling = try await ceiling(url, body: store.benchBody())
        let memoryBefore = Self.residentMegabytes

        try note("Delivering \(events) events ...")
        let known = Set(sink.arrivals.keys)
        try await store.addBenchEvents(events)
        let committed = ContinuousClock.now
        await sink.wait(for: Self.warmUp + events)
        let waits = sink.arrivals.filter { !known.contains($0.key) }.values
            .map { committed.duration(to: $0) / .milliseconds(1) }
        let elapsed = (waits.max() ?? 0) / 1_000
        let memoryAfter = Self.residentMegabytes

        try note("Delivering \(rate) events a second ...")
        let latency = try await latency(store, sink)
        let (unsent, repeated) = try await recorded(store)
        guard let backlog = BenchFigure.Percentiles(of: waits), let latency = BenchFigure.Percentiles(of: latency)
        else {
            throw CommandError("nothing was measured")
        }
        return [
            BenchFigure(
                "throughput",
                Double(events) / max(elapsed, .ulpOfOne),
                unit: "events/s",
                against: .init(kind: .ceiling, value: ceiling),
                target: ">= 1000 events/s on 2 cores"
            ),
            BenchFigure("commit to 2xx, all at once", backlog, unit: "ms"),
            BenchFigure("commit to 2xx, \(rate) events/s", latency, unit: "ms", target: "p99 <= 1000 ms"),
            BenchFigure("not recorded as sent", Double(unsent), unit: "deliveries", target: "0"),
            BenchFigure("sent more than once", Double(repeated), unit: "deliveries", target: "0"),
            BenchFigure("memory before", memoryBefore, unit: "MiB"),
            BenchFigure("memory after \(events) events", memoryAfter, unit: "MiB", target: "flat"),
            BenchFigure("memory at the end", Self.residentMegabytes, unit: "MiB", target: "flat"),
        ]
    }

    /// Requests a second of the same client to the same receiver, without a database.
    private func ceiling(_ url: EndpointURL, body: [UInt8]) async throws -> Double {
        try note("Sending \(events) requests without a database ...")
        let client = try HTTPClient(Self.client)
        defer { client.close() }
        let target = try EndpointTarget(url: url, envelope: .standard, keys: [Self.secret], concurrencyKey: "ceiling")
        let began = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            for sender in 0..<concurrency {
                group.addTask { [events, concurrency] in
                    for _ in stride(from: sender, to: events, by: concurrency) {
                        // An id that the receiver does not count.
                        var request = try target.request(
                            id: .random(),
                            body: body,
                            contentType: "application/json",
                            at: Instant(seconds: 0)
                        )
                        request.headers.removeAll { $0.name == "webhook-id" }
                        _ = try await client.send(request)
                    }
                }
            }
        }
        return Double(events) / max(began.duration(to: .now) / .seconds(1), .ulpOfOne)
    }

    /// From after each event's commit to its arrival, at a steady rate.
    private func latency(_ store: Store, _ sink: BenchSink) async throws -> [Double] {
        let before = sink.count
        var commits: [EventID: ContinuousClock.Instant] = [:]
        let began = ContinuousClock.now
        for number in 0..<(rate * seconds) {
            try await Task.sleep(until: began + .seconds(1) * number / rate)
            commits[try await store.addBenchEvent()] = .now
        }
        await sink.wait(for: before + commits.count)
        let events = try await store.benchDeliveries()
        return sink.arrivals.compactMap { delivery, arrival in
            events[delivery].flatMap { commits[$0] }.map { max($0.duration(to: arrival), .zero) / .milliseconds(1) }
        }
    }

    /// Waits until the last attempts are recorded, ten seconds at most.
    private func recorded(_ store: Store) async throws -> (unsent: Int, repeated: Int) {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let state = try await store.benchUnsent()
            if state.unsent == 0 || ContinuousClock.now > deadline { return state }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// What this process, the receiver in it included, holds in memory.
    private static var residentMegabytes: Double {
        let text = String(decoding: FileManager.default.contents(atPath: "/proc/self/status") ?? Data(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Double($0) }.map { $0 / 1_024 }
            ?? 0
    }
}
