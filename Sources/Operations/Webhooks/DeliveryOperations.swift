// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store
package import Time
import Webhooks

/// Deliveries, the newest first, with the results of their last attempts.
package struct ListDeliveries: PagedOperation {
    package typealias Element = DeliveryReport

    /// The first digits of the id.
    package var id: String?
    /// Only those to this endpoint.
    package var endpoint: String?
    /// Only dead letters.
    package var failed: Bool?
    /// Only those created since then.
    package var since: Instant?
    package var until: Instant?
    /// Only those of this type of event.
    package var type: String?
    package var status: DeliveryStatus?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/deliveries", .webhooks, for: .owner)
        .doing("List deliveries, newest first, with the results of their last attempts")
        .taking(
            [
                Field("id", .text(least: Identifier<Never>.leastDigits, most: 36), "Only those whose id begins so."),
                Field("endpoint", .text(most: 64), "Only those to this endpoint."),
                Field("failed", .flag, "Only deliveries that failed for good.", default: .flag(false)),
                Field("since", .instant, "Only those created since then."),
                Field("until", .instant, "Only those created before then."),
                Field("type", .choice(of: EventType.self), "Only those of this type of event."),
                Field("status", .choice(of: DeliveryStatus.self)),
            ] + Cursor.fields
        )
        .answering("A page of deliveries.", .page("Delivery"))

    package init(
        id: String? = nil,
        endpoint: String? = nil,
        failed: Bool? = nil,
        since: Instant? = nil,
        until: Instant? = nil,
        type: String? = nil,
        status: DeliveryStatus? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.id = id
        self.endpoint = endpoint
        self.failed = failed
        self.since = since
        self.until = until
        self.type = type
        self.status = status
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<DeliveryReport> {
        var selection = try await DeliverySelection(endpoint, type, since, until, in: context.store)
        selection.status = status
        selection.id = id
        return try await Cursor.page(limit, cursor) { mark, limit in
            try await context.store.deliveries(selection, failed: failed ?? false, after: mark, limit: limit)
        } mark: {
            PageMark(createdAt: $0.createdAt, id: $0.id)
        }
    }
}

/// Replays deliveries with the same ids: one, or all dead letters since an instant.
package struct ReplayDeliveries: Operation {
    /// A delivery, which may have been sent before.
    package var delivery: DeliveryID?
    /// Dead letters since then; with the filters below.
    package var since: Instant?
    package var until: Instant?
    package var endpoint: String?
    package var type: String?
    /// How many at most; `nil`: 1000.
    package var limit: Int?

    package static let route = Route(.post, "/deliveries/replay", .webhooks, for: .owner)
        .doing("Replay deliveries, with the same ids")
        .noting(
            "Either one delivery, in any state, or the dead letters since an instant, the oldest first, all or none."
        )
        .taking(
            Field("delivery", .identifier, "One delivery. Not together with other fields."),
            Field("since", .instant, example: .text("2025-06-02T03:00:00Z")),
            Field("endpoint", .text(most: 64), "With `since`: only those to this endpoint."),
            Field("until", .instant, "With `since`: only those created before then."),
            Field("type", .choice(of: EventType.self)),
            Field("limit", .integer(1...10_000), "With `since`: how many at most.", default: .integer(usual))
        )
        .answering("How many are replayed.", .one("Replay"))

    package init(
        delivery: DeliveryID? = nil,
        since: Instant? = nil,
        until: Instant? = nil,
        endpoint: String? = nil,
        type: String? = nil,
        limit: Int? = nil
    ) {
        self.delivery = delivery
        self.since = since
        self.until = until
        self.endpoint = endpoint
        self.type = type
        self.limit = limit
    }

    /// How many dead letters are replayed at once, unless it is said.
    private static let usual = 1000

    package func perform(in context: OperationContext) async throws -> ReplayReport {
        guard (delivery == nil) != (since == nil) else {
            throw Refusal(.invalid, "Either one delivery is replayed, or those since an instant", remedy: "Name one.")
        }
        if let delivery {
            guard endpoint == nil, type == nil, until == nil else {
                throw Refusal(.invalid, "'endpoint', 'type' and 'until' go with 'since'", remedy: "Leave them out.")
            }
            try await context.store.replayDelivery(delivery)
            return ReplayReport(replayed: 1)
        }
        let selection = try await DeliverySelection(endpoint, type, since, until, in: context.store)
        let replayed = try await context.store.replayDeliveries(selection, limit: limit ?? Self.usual)
        return ReplayReport(replayed: replayed)
    }
}

/// How many deliveries are sent again.
package struct ReplayReport: Hashable, Sendable, Codable {
    package let replayed: Int
}

extension DeliverySelection {
    fileprivate init(
        _ endpoint: String?,
        _ type: String?,
        _ since: Instant?,
        _ until: Instant?,
        in store: Store
    ) async throws {
        if let type { try NewEndpoint.requireEvent(type) }
        self.init(type: type, since: since, until: until)
        if let endpoint { self.endpoint = try await store.endpoint(named: endpoint).id }
    }
}
