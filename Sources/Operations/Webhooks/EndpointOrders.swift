// SPDX-License-Identifier: Apache-2.0

package import Store

/// Lets an endpoint have what waits for it and what comes, and forgets its failures.
package struct EnableEndpoint: Operation {
    package var endpoint: String

    package static let route = Route(.post, "/webhooks/{endpoint}/enable", .webhooks, for: .owner, [endpointField])

    package init(endpoint: String) {
        self.endpoint = endpoint
    }

    package func perform(in context: OperationContext) async throws -> EndpointReport {
        try await context.store.enableEndpoint(context.store.endpoint(named: endpoint).id)
        return EndpointReport(try await context.store.endpoint(named: endpoint))
    }
}

/// Sends an endpoint nothing until it is enabled; what waits for it already is kept.
package struct DisableEndpoint: Operation {
    package var endpoint: String
    /// Shown in lists.
    package var reason: String?

    package static let route = Route(
        .post,
        "/webhooks/{endpoint}/disable",
        .webhooks,
        for: .owner,
        [endpointField, Field("reason", .text(most: 1000))]
    )

    package init(endpoint: String, reason: String? = nil) {
        self.endpoint = endpoint
        self.reason = reason
    }

    package func perform(in context: OperationContext) async throws -> EndpointReport {
        let who = context.caller.name
        let why = reason.flatMap { $0.isEmpty ? nil : "\($0) (\(who))" } ?? "disabled by \(who)"
        try await context.store.disableEndpoint(context.store.endpoint(named: endpoint).id, reason: why)
        return EndpointReport(try await context.store.endpoint(named: endpoint))
    }
}

/// Removes an endpoint, and with it all that waits for it and its dead letters; answers with what it was.
package struct RemoveEndpoint: Operation {
    package var endpoint: String

    package static let route = Route(.delete, "/webhooks/{endpoint}", .webhooks, for: .owner, [endpointField])

    package init(endpoint: String) {
        self.endpoint = endpoint
    }

    package func perform(in context: OperationContext) async throws -> EndpointDetailsReport {
        let details = try await context.store.endpointDetails(endpoint)
        // One of the configuration would come back with the next worker, unless its setting is gone.
        if details.endpoint.isEnabled { _ = try details.endpoint.changedByCommand() }
        try await context.store.removeEndpoint(details.endpoint.id)
        return EndpointDetailsReport(details)
    }
}

/// Lets a worker send a ping, and waits for what becomes of it. An endpoint that was disabled is enabled when it arrives.
package struct TestEndpoint: Operation {
    package var endpoint: String
    /// For how many seconds; `nil`: as long as a sender may take, and time to come to it.
    package var wait: Int?

    package static let route = Route(
        .post,
        "/webhooks/{endpoint}/test",
        .webhooks,
        for: .owner,
        [endpointField, Field("wait", .integer(0...60))]
    )

    package init(endpoint: String, wait: Int? = nil) {
        self.endpoint = endpoint
        self.wait = wait
    }

    package var mayWait: Bool { true }

    package func perform(in context: OperationContext) async throws -> PingReport {
        let found = try await context.store.endpoint(named: endpoint)
        let state = try await Ping(store: context.store, endpoint: found).send(within: .seconds(wait ?? 30))
        return PingReport(state: state, wasDisabled: !found.isEnabled)
    }
}

/// What became of a ping; its status is `pending` or `leased` when it was not sent in time.
package struct PingReport: Hashable, Sendable, Codable {
    package let state: DeliveryState
    /// Whether the endpoint was disabled before.
    package let wasDisabled: Bool

    private enum CodingKeys: String, CodingKey {
        case wasDisabled = "was_disabled"
    }

    init(state: DeliveryState, wasDisabled: Bool) {
        self.state = state
        self.wasDisabled = wasDisabled
    }

    package init(from decoder: any Decoder) throws {
        state = try DeliveryState(from: decoder)
        wasDisabled = try decoder.container(keyedBy: CodingKeys.self).decode(Bool.self, forKey: .wasDisabled)
    }

    /// The state's members, and beside them `was_disabled`.
    package func encode(to encoder: any Encoder) throws {
        try state.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(wasDisabled, forKey: .wasDisabled)
    }
}
