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

        @Option(help: "Only those of this status: \(DeliveryStatus.allCases.map(\.rawValue).joined(separator: ", ")).")
        var status: DeliveryStatus?

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var count: CountOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            let operation = ListDeliveries(
                endpoint: name,
                failed: failed,
                since: selection.since?.instant,
                until: selection.until?.instant,
                type: selection.type,
                status: status
            )
            try await control.report(operation, limit: count.limit)
        }
    }

    /// `stoker webhooks replay`
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replay deliveries with the same ids: one, or all dead letters since an instant.",
            discussion: "Receivers that deduplicate by webhook-id do nothing twice."
        )

        @Argument(
            help:
                "A delivery's id or its first digits, as 'stoker webhooks deliveries' shows it; it may have been sent before."
        )
        var delivery: ShortID<Kind.Delivery>?

        @Option(name: .customLong("endpoint"), help: "Only those to this endpoint.")
        var name: String?

        @Option(help: "How many at most, with --since; the oldest first.")
        var limit = 1_000

        @OptionGroup var selection: DeliveryOptions
        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000, not \(limit).") }
            guard (delivery == nil) != (selection.since == nil) else {
                throw ValidationError("Give either a delivery's id or --since.")
            }
            if delivery != nil, name != nil || selection.type != nil || selection.until != nil {
                throw ValidationError("--endpoint, --type and --until go with --since.")
            }
        }

        func run() async throws {
            let report = try await control.control.withControl { control in
                if let delivery {
                    return try await control.perform(ReplayDeliveries(delivery: control.delivery(delivery)))
                }
                return try await control.perform(
                    ReplayDeliveries(
                        since: selection.since?.instant,
                        until: selection.until?.instant,
                        endpoint: name,
                        type: selection.type,
                        limit: limit
                    )
                )
            }
            let isCut = report.replayed == limit ? " There may be more: run it again." : ""
            try control.output.print(report) { "\($0.replayed) to be delivered again.\(isCut)" }
        }
    }
}

/// The filter of deliveries.
struct DeliveryOptions: ParsableArguments {
    @Option(help: "Only those made since then: a time such as 2025-06-02T03:00:00Z, or an age such as 2h.")
    var since: MomentArgument?

    @Option(help: "Only those made before then.")
    var until: MomentArgument?

    @Option(help: "Only those of this type of event.")
    var type: String?
}

extension DeliveryStatus: ExpressibleByArgument {}

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
