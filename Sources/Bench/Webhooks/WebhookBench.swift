// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import PostgresClient
import Server
import Store
import Supervision
import Time
import Webhooks
import Worker

/// Measures how fast events reach a receiver, from the commit of their change to the receiver.
package struct WebhookBench: Benchmark {
    package static let name = "webhooks"
    let events: Int
    let concurrency: Int
    /// Events per second of the latency run, and its length in seconds.
    let rate: Int
    let seconds: Int

    package init(events: Int, concurrency: Int, rate: Int, seconds: Int) {
        self.events = events
        self.concurrency = concurrency
        self.rate = rate
        self.seconds = seconds
    }

    private static let secret = SigningKey.randomSecret()
    /// Events before the measurement: they prepare statements, open connections and read pages.
    private static let warmUp = 1_000

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let name = try await server.makeDatabase()
        return try await server.connect(to: name, sessions: 4) { store in
            let sink = BenchSink()
            let addresses = AsyncStream.makeStream(of: HTTPAddress.self)
            let receiver = buildSink(logger: silence, received: sink.received) { addresses.continuation.yield($0) }
            let wakeUps = WakeUps(
                listener: PostgresListener(
                    configuration: server.configuration(of: name),
                    channels: WakeUps.channels,
                    logger: silence
                )
            )
            let deliverer = Deliverer(
                store: store,
                worker: .random(),
                client: try HTTPClient(Self.client),
                bell: wakeUps.events,
                logger: silence
            )
            return try await withServices([receiver, wakeUps, deliverer]) {
                var listening = addresses.stream.makeAsyncIterator()
                guard let address = await listening.next() else { throw BenchError("the receiver did not start") }
                let url = try EndpointURL("http://\(address)/")
                try await store.addEndpoint(
                    Endpoint(
                        name: "bench",
                        url: url.text,
                        secret: Array(Self.secret.encoded.utf8),
                        maximumConcurrency: concurrency
                    )
                )
                return try await measure(store, sink, url, server.note)
            }
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

    private func measure(
        _ store: Store,
        _ sink: BenchSink,
        _ url: EndpointURL,
        _ note: (String) throws -> Void
    ) async throws -> [BenchFigure] {
        try note("Warming up ...")
        try await store.addEvents(Self.warmUp)
        try await sink.wait(for: Self.warmUp)
        try note("Sending \(events) requests without a database ...")
        let ceiling = try await ceiling(url, body: store.deliveryBody())
        let memoryBefore = Self.residentMegabytes

        try note("Delivering \(events) events ...")
        let known = Set(sink.arrivals.keys)
        try await store.addEvents(events)
        let committed = ContinuousClock.now
        try await sink.wait(for: Self.warmUp + events)
        let waits = sink.arrivals.filter { !known.contains($0.key) }.values
            .map { committed.duration(to: $0) / .milliseconds(1) }
        let elapsed = (waits.max() ?? 0) / 1_000
        let memoryAfter = Self.residentMegabytes

        try note("Delivering \(rate) events a second ...")
        let latency = try Percentiles(of: await latency(store, sink))
        let (unsent, repeated) = try await recorded(store)
        return [
            BenchFigure(
                "throughput",
                Double(events) / max(elapsed, .ulpOfOne),
                unit: "events/s",
                against: .ceiling(ceiling),
                target: ">= 1000 events/s on 2 cores"
            ),
            BenchFigure("commit to 2xx, all at once", spread: try Percentiles(of: waits), unit: "ms"),
            BenchFigure("commit to 2xx, \(rate) events/s", spread: latency, unit: "ms", target: "p99 <= 1000 ms"),
            BenchFigure("not recorded as sent", Double(unsent), unit: "deliveries", target: "0"),
            BenchFigure("sent more than once", Double(repeated), unit: "deliveries", target: "0"),
            BenchFigure("memory before", memoryBefore, unit: "MiB"),
            BenchFigure("memory after \(events) events", memoryAfter, unit: "MiB", target: "flat"),
            BenchFigure("memory at the end", Self.residentMegabytes, unit: "MiB", target: "flat"),
        ]
    }

    /// Requests a second of the same client to the same receiver, without a database.
    private func ceiling(_ url: EndpointURL, body: [UInt8]) async throws -> Double {
        let client = try HTTPClient(Self.client)
        defer { client.close() }
        let target = try EndpointTarget(url: url, envelope: .standard, keys: [Self.secret], concurrencyKey: "ceiling")
        let began = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            for sender in 0..<concurrency {
                group.addTask { [events, concurrency] in
                    for _ in stride(from: sender, to: events, by: concurrency) {
                        // An id that the receiver ignores.
                        var request = try target.request(
                            id: .random(),
                            body: body,
                            contentType: "application/json",
                            at: Instant(seconds: 0)
                        )
                        request.headers[.webhookID] = nil
                        _ = try await client.send(request)
                    }
                }
            }
        }
        return Double(events) / began.seconds
    }

    /// From after each event's commit to its arrival, at a steady rate.
    private func latency(_ store: Store, _ sink: BenchSink) async throws -> [Double] {
        let before = sink.count
        var commits: [EventID: ContinuousClock.Instant] = [:]
        let began = ContinuousClock.now
        for number in 0..<(rate * seconds) {
            try await Task.sleep(until: began + .seconds(1) * number / rate)
            commits[try await store.addEvent()] = .now
        }
        try await sink.wait(for: before + commits.count)
        let events = try await store.eventsOfDeliveries()
        return sink.arrivals.compactMap { delivery, arrival in
            events[delivery].flatMap { commits[$0] }.map { max($0.duration(to: arrival), .zero) / .milliseconds(1) }
        }
    }

    /// Waits until the last attempts are recorded, ten seconds at most.
    private func recorded(_ store: Store) async throws -> (unsent: Int, repeated: Int) {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let state = try await store.deliveryFaults()
            if state.unsent == 0 || ContinuousClock.now > deadline { return state }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The resident memory of this process, including the receiver.
    private static var residentMegabytes: Double { Double(ProcessUsage.now?.residentBytes ?? 0) / 1_048_576 }
}
