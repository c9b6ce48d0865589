// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store

extension WebhooksCommand {
    /// `stoker webhooks deliveries`
    struct Deliveries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List deliveries, the newest first, with what became of their last attempts."
        )

        @Argument(help: "The endpoint's name; else all.")
        var name: String?

        @Flag(help: "Only those that were given up.")
        var failed = false

        @Option(help: "How many at most.")
        var limit = 50

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            let deliveries = try await global.withStore { store, _, _ in
                try await store.deliveries(selection.selection(name, in: store), failed: failed, limit: limit)
            }
            try output.print(deliveries) { $0.table.text }
        }
    }

    /// `stoker webhooks replay`
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make deliveries again, with the same ids: one, or all that were given up since an instant.",
            discussion: "Receivers that deduplicate by webhook-id lose nothing by it, and do nothing twice."
        )

        @Argument(help: "A delivery's id, as 'stoker webhooks deliveries' shows it; it may have arrived before.")
        var delivery: String?

        @Option(name: .customLong("endpoint"), help: "Only those to this endpoint.")
        var name: String?

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (delivery == nil) != (selection.since == nil) else {
                throw ValidationError("Give either a delivery's id or --since.")
            }
            if delivery != nil, name != nil || selection.type != nil {
                throw ValidationError("--endpoint and --type go with --since.")
            }
            if let delivery, DeliveryID(delivery) == nil {
                throw ValidationError("'\(delivery)' is no delivery's id.")
            }
        }

        func run() async throws {
            let count = try await global.withStore { store, _, _ in
                if let id = delivery.flatMap({ DeliveryID($0) }) {
                    try await store.replayDelivery(id)
                    return 1
                }
                return try await store.replayDeliveries(selection.selection(name, in: store))
            }
            try output.print(Replayed(replayed: count)) { "\($0.replayed) to be delivered again." }
        }

        private struct Replayed: Encodable {
            let replayed: Int
        }
    }
}

/// Which deliveries are meant.
struct DeliveryOptions: ParsableArguments {
    @Option(help: "Only those made since then, such as 2025-06-02T03:00:00Z.")
    var since: Instant?

    @Option(help: "Only those of this type of event.")
    var type: String?

    func selection(_ endpoint: String?, in store: Store) async throws -> DeliverySelection {
        if let type { try NewEndpoint.requireEvent(type) }
        var selection = DeliverySelection(type: type, since: since)
        if let endpoint { selection.endpoint = try await store.endpoint(named: endpoint).id }
        return selection
    }
}

extension DeliveryReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, status, attempts, address, excerpt
        case eventID = "event_id"
        case eventType = "event_type"
        case endpointName = "endpoint"
        case responseCode = "response_code"
        case latencyMilliseconds = "latency_ms"
        case errorClass = "error_class"
        case createdAt = "created_at"
        case nextAttemptAt = "next_attempt_at"
        case completedAt = "completed_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("\(id)", forKey: .id)
        try container.encode("\(eventID)", forKey: .eventID)
        try container.encode(eventType, forKey: .eventType)
        try container.encode(endpointName, forKey: .endpointName)
        try container.encode(status, forKey: .status)
        try container.encode(attempts, forKey: .attempts)
        try container.encodeIfPresent(responseCode, forKey: .responseCode)
        try container.encodeIfPresent(latencyMilliseconds, forKey: .latencyMilliseconds)
        try container.encode(errorClass, forKey: .errorClass)
        try container.encode(address, forKey: .address)
        try container.encode(excerpt, forKey: .excerpt)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encodeIfPresent(nextAttemptAt, forKey: .nextAttemptAt)
        try container.encodeIfPresent(completedAt, forKey: .completedAt)
    }
}

extension [DeliveryReport] {
    fileprivate var table: Table {
        Table(
            self,
            empty: "There are none.",
            [
                .init("id") { "\($0.id)" },
                .init("event") { $0.eventType },
                .init("endpoint") { $0.endpointName },
                .init("status") { $0.status },
                .init("attempts") { "\($0.attempts)" },
                .init("answer") { $0.responseCode.map { "\($0)" } ?? $0.errorClass },
                .init("created") { $0.createdAt.iso8601 },
                .init("next attempt") { $0.nextAttemptAt?.iso8601 ?? "" },
                .init("said") { String($0.excerpt.prefix(60)) },
            ]
        )
    }
}
