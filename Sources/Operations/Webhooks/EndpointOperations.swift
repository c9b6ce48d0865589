// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
import Provisioning
import Store
import Webhooks

/// Lists the webhook endpoints, with the health of each.
package struct ListEndpoints: Operation {
    package static let route = Route(.get, "/webhooks", .webhooks, for: .owner)
        .doing("List the endpoints")
        .answering("Endpoints by name. Only scheme, host and port of a URL are shown.", .list("Endpoint"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [EndpointReport] {
        try await context.store.endpoints().map { EndpointReport($0) }
    }
}

/// An endpoint's health and backlog.
package struct ShowEndpoint: Operation {
    package var endpoint: String

    package static let route = Route(.get, "/webhooks/{endpoint}", .webhooks, for: .owner)
        .doing("Show an endpoint's recent results and its backlog")
        .taking(endpointField)
        .answering("The endpoint, its recent results, and its backlog.", .one("EndpointDetails"))

    package init(endpoint: String) {
        self.endpoint = endpoint
    }

    package func perform(in context: OperationContext) async throws -> EndpointDetailsReport {
        EndpointDetailsReport(try await context.store.endpointDetails(endpoint))
    }
}

/// Adds an endpoint. A generated secret is in the answer, once.
package struct AddEndpoint: Operation {
    package var name: String
    package var url: String
    /// `nil`: generated.
    package var secret: String?
    /// Only events of these types; empty: all.
    package var events: [String]?
    /// Only events about these templates, presets or organizations, or about workspaces with these labels.
    package var templates: [String]?
    package var presets: [String]?
    package var organizations: [String]?
    package var labels: [String: String]?
    package var envelope: Envelope?
    package var headers: [String: String]?
    /// Whether an Ed25519 key is generated as well; its public key is in the answer.
    package var ed25519: Bool?
    /// The limit of simultaneous requests from one worker.
    package var concurrency: Int?

    package static let route = Route(.post, "/webhooks", .webhooks, for: .owner)
        .doing("Add an endpoint")
        .noting(
            """
            Requests are signed as Standard Webhooks 1.0 say. A generated secret is shown in this answer only.
            """
        )
        .taking(
            Field("name", .text(most: 64), required: true, example: .text("hook")),
            Field(
                "url",
                .text(most: 2048),
                "An https URL without credentials.",
                required: true,
                example: .text("https://example.com/hook")
            ).secret(),
            secretField,
            Field(
                "events",
                .choices(of: EventType.self),
                "Only events of these types. Default: all.",
                example: .texts([EventType.workerLost.rawValue])
            ),
            Field("templates", .texts(most: 64), "Only events about these templates. Default: all."),
            Field("presets", .texts(most: 128), "Only events about presets with these names. Default: all."),
            Field("organizations", .texts(most: 64), "Only events about these organizations. Default: all."),
            Field("labels", .textMap, "Only events about workspaces with all of these labels."),
            Field("envelope", .choice(of: Envelope.self), "The form of the body."),
            Field("headers", .textMap, "Headers that are sent with every request."),
            Field("ed25519", .flag, "Sign with an Ed25519 key as well.", default: .flag(false)),
            Field(
                "concurrency",
                .integer(1...64),
                "The most requests to it at once, from one worker.",
                default: .integer(8)
            )
        )
        .answering(newKeys, .one("Endpoint"), status: .created)

    package init(
        name: String,
        url: String,
        secret: String? = nil,
        events: [String]? = nil,
        filter: EventFilter = EventFilter(),
        envelope: Envelope? = nil,
        headers: [String: String]? = nil,
        ed25519: Bool? = nil,
        concurrency: Int? = nil
    ) {
        self.name = name
        self.url = url
        self.secret = secret
        self.events = events
        templates = filter.templates.isEmpty ? nil : filter.templates
        presets = filter.presets.isEmpty ? nil : filter.presets
        organizations = filter.organizations.isEmpty ? nil : filter.organizations
        labels = filter.labels.isEmpty ? nil : filter.labels
        self.envelope = envelope
        self.headers = headers
        self.ed25519 = ed25519
        self.concurrency = concurrency
    }

    /// What the events must be about.
    package var filter: EventFilter {
        EventFilter(
            templates: templates ?? [],
            presets: presets ?? [],
            organizations: organizations ?? [],
            labels: labels ?? [:]
        )
    }

    package func perform(in context: OperationContext) async throws -> EndpointReport {
        let new = try NewEndpoint(self, policy: context.addressPolicy(), codec: context.codec())
        for template in templates ?? [] { try await context.store.requireTemplate(template) }
        for preset in presets ?? [] { try await context.store.requirePreset(preset) }
        try await context.store.addEndpoint(new.endpoint)
        return EndpointReport(new.endpoint, secret: new.generatedSecret, publicKey: new.publicKey)
    }
}

/// Sets a new secret; the previous one signs as well for a while. A generated secret is in the answer, once.
package struct RotateEndpointSecret: Operation {
    package var endpoint: String
    /// `nil`: generated.
    package var secret: String?
    /// For how many seconds the previous secret signs as well; `nil`: a day.
    package var overlap: Int?
    /// Generates a new Ed25519 key instead.
    package var ed25519: Bool?

    package static let route = Route(.post, "/webhooks/{endpoint}/rotate-secret", .webhooks, for: .owner)
        .doing("Give an endpoint a new secret; for a while, the previous one signs too")
        .noting("A generated secret is shown in this answer only.")
        .taking(
            endpointField,
            secretField,
            Field(
                "overlap",
                .integer(0...31_536_000),
                "For how many seconds the previous secret signs too.",
                default: .integer(86_400)
            ),
            Field("ed25519", .flag, "Make a new Ed25519 key instead.", default: .flag(false))
        )
        .answering(newKeys, .one("Endpoint"))

    package init(endpoint: String, secret: String? = nil, overlap: Int? = nil, ed25519: Bool? = nil) {
        self.endpoint = endpoint
        self.secret = secret
        self.overlap = overlap
        self.ed25519 = ed25519
    }

    package func perform(in context: OperationContext) async throws -> EndpointReport {
        let (store, codec) = (context.store, try context.codec())
        if ed25519 ?? false {
            guard secret == nil else {
                throw Refusal(
                    .invalid,
                    "A secret and an Ed25519 key cannot be changed together",
                    remedy: "Name one of them."
                )
            }
            let found = try await store.endpoint(named: endpoint).changedByCommand()
            let key = SigningKey.randomEd25519()
            try await store.setSigningKey(of: found.id, to: codec.seal(Array(key.encoded.utf8)))
            return EndpointReport(found, publicKey: key.verifier)
        }
        let key = try secret.map { try SigningKey($0) } ?? SigningKey.randomSecret()
        guard key.isShared else {
            throw Refusal(
                .invalid,
                "The secret is not a shared secret (whsec_)",
                remedy: "Stoker generates Ed25519 keys itself."
            )
        }
        let found = try await store.endpoint(named: endpoint).changedByCommand()
        try await store.rotateSecret(
            of: found.id,
            to: codec.seal(Array(key.encoded.utf8)),
            overlap: .seconds(overlap ?? 86_400)
        )
        return EndpointReport(found, secret: secret == nil ? key.encoded : nil)
    }
}

let endpointField = Field("endpoint", .text(least: 1, most: 64), "The endpoint's name.", required: true)

private let secretField = Field(
    "secret",
    .text(most: 200),
    "`whsec_` and 24 to 64 bytes in base64. Default: a secret is generated.",
    pattern: "^whsec_"
).secret()
private let newKeys = "The endpoint. A new secret or public key is shown in this answer only."

extension Endpoint {
    /// The endpoint itself, unless it belongs to the configuration, which alone may change it.
    func changedByCommand() throws(Refusal) -> Endpoint {
        guard source == .command else {
            throw Refusal(
                .conflict,
                "'\(name)' is the endpoint of the configuration",
                remedy: "Change notifications.webhook.url or notifications.webhook.secret, and restart the workers."
            )
        }
        return self
    }
}
