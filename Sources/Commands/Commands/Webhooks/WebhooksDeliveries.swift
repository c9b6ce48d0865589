// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store
import Time

extension WebhooksCommand {
    /// `stoker webhooks deliveries`
    struct Deliveries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List deliveries, the newest first, with the results of their last attempts."
        )

        @Argument(help: "The endpoint's name. Default: all.")
        var name: String?

        @Flag(help: "Only deliveries that failed for good.")
        var failed = false

        @Option(help: "How many at most.")
        var limit = 50

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            try await control.report(
                ListDeliveries(
                    endpoint: name,
                    failed: failed,
                    since: selection.since,
                    type: selection.type,
                    limit: limit
                )
            )
        }
    }

    /// `stoker webhooks replay`
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replay deliveries with the same ids: one, or all dead letters since an instant.",
            discussion: "Receivers that deduplicate by webhook-id do nothing twice."
        )

        @Argument(help: "A delivery's id, as 'stoker webhooks deliveries' shows it; it may have been sent before.")
        var delivery: String?

        @Option(name: .customLong("endpoint"), help: "Only those to this endpoint.")
        var name: String?

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard (delivery == nil) != (selection.since == nil) else {
                throw ValidationError("Give either a delivery's id or --since.")
            }
            if delivery != nil, name != nil || selection.type != nil {
                throw ValidationError("--endpoint and --type go with --since.")
            }
            if let delivery, DeliveryID(delivery) == nil {
                throw ValidationError("'\(delivery)' is not the id of a delivery.")
            }
        }

        func run() async throws {
            let operation = ReplayDeliveries(
                delivery: delivery.flatMap { DeliveryID($0) },
                since: selection.since,
                endpoint: name,
                type: selection.type
            )
            try await control.report(operation) { "\($0.replayed) to be delivered again." }
        }
    }
}

/// The filter of deliveries.
struct DeliveryOptions: ParsableArguments {
    @Option(help: "Only those made since then, such as 2025-06-02T03:00:00Z.")
    var since: Instant?

    @Option(help: "Only those of this type of event.")
    var type: String?
}

extension DeliveryReport: TableRow {
    static let whenNone = "There are none."

    static var columns: [Table.Column<Self>] {
        [
            .init("id") { "\($0.id)" },
            .init("event") { $0.eventType },
            .init("endpoint") { $0.endpointName },
            .init("status") { $0.status.text },
            .init("attempts") { "\($0.attempts)" },
            .init("answer") { $0.responseCode.map { "\($0)" } ?? $0.errorClass },
            .init("created") { Shown.time($0.createdAt) },
            .init("age") { Shown.age(of: $0.createdAt) },
            .init("next attempt") { $0.nextAttemptAt.map { Shown.time($0) } ?? "" },
            .init("said") { String($0.excerpt.prefix(60)) },
        ]
    }
}
