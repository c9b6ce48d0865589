// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
package import Store

/// Enables an endpoint and resets its circuit breaker.
package struct EnableEndpoint: Operation {
    package var endpoint: String

    package static let route = Route(.post, "/webhooks/{endpoint}/enable", .webhooks, for: .owner)
        .doing("Enable an endpoint, send its backlog, and forget its failures")
        .taking(endpointField)
        .answering("The endpoint.", .one("Endpoint"))

    package init(endpoint: String) {
        self.endpoint = endpoint
    }

    package func perform(in context: OperationContext) async throws -> EndpointReport {
        try await context.store.enableEndpoint(context.store.endpoint(named: endpoint).id)
        return EndpointReport(try await context.store.endpoint(named: endpoint))
    }
}

/// Disables an endpoint until it is enabled; its waiting deliveries are kept.
package struct DisableEndpoint: Operation {
    package var endpoint: String
    /// The reason in lists.
    package var reason: String?

    package static let route = Route(.post, "/webhooks/{endpoint}/disable", .webhooks, for: .owner)
        .doing("Disable an endpoint; its backlog is kept until it is enabled")
        .taking(endpointField, Field("reason", .text(most: 1000), "Shown in lists."))
        .answering("The endpoint.", .one("Endpoint"))

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

/// Removes an endpoint with its dead letters; answers with its last report. Refused while deliveries wait, unless it is
/// forced.
package struct RemoveEndpoint: Operation {
    package var endpoint: String
    /// Whether waiting deliveries are removed too.
    package var force: Bool?

    package static let route = Route(.delete, "/webhooks/{endpoint}", .webhooks, for: .owner)
        .doing("Remove an endpoint with its dead letters")
        .noting("While deliveries wait, it is refused unless `force` is true. The answer shows the endpoint as it was.")
        .taking(
            endpointField,
            Field("force", .flag, "Remove it with the deliveries that wait.", default: .flag(false))
        )
        .answering("The endpoint, its recent results, and its backlog.", .one("EndpointDetails"))

    /// The words by which a refusal because of waiting deliveries is known, also a server's.
    package static let loss = "would never be sent"

    package init(endpoint: String, force: Bool? = nil) {
        self.endpoint = endpoint
        self.force = force
    }

    package func perform(in context: OperationContext) async throws -> EndpointDetailsReport {
        let details = try await context.store.endpointDetails(endpoint)
        // A configured endpoint would be made again by the next worker, unless its setting is gone.
        if details.endpoint.isEnabled { _ = try details.endpoint.changedByCommand() }
        guard details.waiting == 0 || force == true else {
            let wait = details.waiting == 1 ? "1 delivery waits" : "\(details.waiting) deliveries wait"
            throw Refusal(
                .conflict,
                "\(wait) for '\(endpoint)', and \(Self.loss)",
                remedy: "Repair its receiver and let them be sent, or remove them with it (force)."
            )
        }
        try await context.store.removeEndpoint(details.endpoint.id)
        return EndpointDetailsReport(details)
    }
}

/// Has a worker send a ping, and waits for the result. A success enables a disabled endpoint.
package struct TestEndpoint: Operation {
    package var endpoint: String
    /// The time limit in seconds; `nil`: as long as an attempt may take, with some reserve.
    package var wait: Int?

    package static let route = Route(.post, "/webhooks/{endpoint}/test", .webhooks, for: .owner)
        .doing("Have a worker send a ping, and wait for the result")
        .noting("A successful ping enables a disabled endpoint.")
        .taking(endpointField, Field("wait", .integer(0...60), "Seconds.", default: .integer(30)))
        .answering("The result; `pending` or `leased` if no worker has sent it in time.", .one("Ping"))

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

/// The result of a ping; its status is `pending` or `leased` when it was not sent in time.
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

    /// The state's members, and `was_disabled`.
    package func encode(to encoder: any Encoder) throws {
        try state.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(wasDisabled, forKey: .wasDisabled)
    }
}
