// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store
package import Time
import Webhooks

/// Deliveries, the newest first, with the results of their last attempts.
package struct ListDeliveries: Operation {
    /// Only those to this endpoint.
    package var endpoint: String?
    /// Only dead letters.
    package var failed: Bool?
    /// Only those created since then.
    package var since: Instant?
    /// Only those of this type of event.
    package var type: String?
    /// How many at most; `nil`: 50.
    package var limit: Int?

    package static let route = Route(.get, "/deliveries", .webhooks, for: .owner)
        .doing("List deliveries, newest first, with the results of their last attempts")
        .taking(
            Field("endpoint", .text(most: 64), "Only those to this endpoint."),
            Field("failed", .flag, "Only deliveries that failed for good.", default: .flag(false)),
            Field("since", .instant, "Only those created since then."),
            Field("type", .choice(of: EventType.self), "Only those of this type of event."),
            Field("limit", .integer(1...10_000), default: .integer(50))
        )
        .answering("Deliveries.", .list("Delivery"))

    package init(
        endpoint: String? = nil,
        failed: Bool? = nil,
        since: Instant? = nil,
        type: String? = nil,
        limit: Int? = nil
    ) {
        self.endpoint = endpoint
        self.failed = failed
        self.since = since
        self.type = type
        self.limit = limit
    }

    package func perform(in context: OperationContext) async throws -> [DeliveryReport] {
        let selection = try await DeliverySelection(endpoint, type, since, in: context.store)
        return try await context.store.deliveries(selection, failed: failed ?? false, limit: limit ?? 50)
    }
}

/// Replays deliveries with the same ids: one, or all dead letters since an instant.
package struct ReplayDeliveries: Operation {
    /// A delivery, which may have been sent before.
    package var delivery: DeliveryID?
    /// Dead letters since then; with the two filters below.
    package var since: Instant?
    package var endpoint: String?
    package var type: String?

    package static let route = Route(.post, "/deliveries/replay", .webhooks, for: .owner)
        .doing("Replay deliveries, with the same ids")
        .noting("Either one delivery, in any state, or all dead letters since an instant.")
        .taking(
            Field("delivery", .identifier, "One delivery. Not together with other fields."),
            Field("since", .instant, example: .text("2025-06-02T03:00:00Z")),
            Field("endpoint", .text(most: 64), "With `since`: only those to this endpoint."),
            Field("type", .choice(of: EventType.self))
        )
        .answering("How many are replayed.", .one("Replay"))

    package init(
        delivery: DeliveryID? = nil,
        since: Instant? = nil,
        endpoint: String? = nil,
        type: String? = nil
    ) {
        self.delivery = delivery
        self.since = since
        self.endpoint = endpoint
        self.type = type
    }

    package func perform(in context: OperationContext) async throws -> ReplayReport {
        guard (delivery == nil) != (since == nil) else {
            throw Refusal(.invalid, "Either one delivery is replayed, or those since an instant", remedy: "Name one.")
        }
        if let delivery {
            guard endpoint == nil, type == nil else {
                throw Refusal(.invalid, "'endpoint' and 'type' go with 'since'", remedy: "Leave them out.")
            }
            try await context.store.replayDelivery(delivery)
            return ReplayReport(replayed: 1)
        }
        let selection = try await DeliverySelection(endpoint, type, since, in: context.store)
        return ReplayReport(replayed: try await context.store.replayDeliveries(selection))
    }
}

/// How many deliveries are sent again.
package struct ReplayReport: Hashable, Sendable, Codable {
    package let replayed: Int
}

extension DeliverySelection {
    fileprivate init(_ endpoint: String?, _ type: String?, _ since: Instant?, in store: Store) async throws {
        if let type { try NewEndpoint.requireEvent(type) }
        self.init(type: type, since: since)
        if let endpoint { self.endpoint = try await store.endpoint(named: endpoint).id }
    }
}
