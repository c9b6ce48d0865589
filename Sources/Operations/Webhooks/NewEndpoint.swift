// SPDX-License-Identifier: Apache-2.0

import Basics
package import CurlClient
package import Domain
package import Provisioning
import Webhooks

/// A new endpoint, validated before anything is stored.
package struct NewEndpoint: Sendable {
    package let endpoint: Endpoint
    /// Shown once, if it was generated.
    package let generatedSecret: String?
    /// The key with which receivers verify its Ed25519 signatures, if it has one.
    package let publicKey: String?

    /// The reserved name of the configured endpoint.
    package static let configured = "configuration"

    /// - Parameter codec: Encrypts the secret for the database.
    /// - Throws: ``EndpointURLError``, ``Refusal``; ``SigningKeyError`` for an invalid secret.
    package init(
        _ wanted: AddEndpoint,
        source: Endpoint.Source = .command,
        policy: AddressPolicy,
        codec: StateCodec
    ) throws {
        let target = try EndpointURL(wanted.url)
        if let address = target.address, let refusal = policy.refusal(of: address, plain: target.isPlain) {
            guard refusal.reason != .plainHTTP else { throw Self.plain(target) }
            throw Refusal(.invalid, "The URL's address is refused: \(refusal)")
        }
        // Deliveries to the address behind the name would be refused, one after the other.
        if source == .command, target.isPlain, target.address == nil, !policy.allowsPlainHTTP, !target.isLocalName {
            throw Self.plain(target)
        }
        for event in wanted.events ?? [] { try Self.requireEvent(event) }
        if source == .command, wanted.name == Self.configured {
            throw Refusal(.invalid, "The name '\(wanted.name)' is reserved for the endpoint of the configuration")
        }
        let key = try wanted.secret.map { try SigningKey($0) } ?? SigningKey.randomSecret()
        let signingKey = wanted.ed25519 == true ? SigningKey.randomEd25519() : nil
        publicKey = signingKey?.verifier
        generatedSecret = wanted.secret == nil ? key.encoded : nil
        var endpoint = Endpoint(
            name: wanted.name,
            url: target.text,
            events: wanted.events ?? [],
            envelope: wanted.envelope ?? .standard,
            secret: try codec.seal(Array(key.encoded.utf8)),
            signingKey: try signingKey.map { try codec.seal(Array($0.encoded.utf8)) },
            headers: wanted.headers ?? [:],
            maximumConcurrency: wanted.concurrency ?? 8,
            source: source
        )
        endpoint.filter = wanted.filter
        self.endpoint = endpoint
        // This checks the headers, too.
        _ = try EndpointTarget(endpoint, opening: codec.open)
    }
}

extension NewEndpoint {
    private static func plain(_ target: EndpointURL) -> Refusal {
        Refusal(
            .invalid,
            "'\(target.host)' would be reached without TLS, and everybody on the way could read the events",
            remedy: "Use https, or set notifications.allow_plain_http."
        )
    }

    /// Throws ``Refusal`` for an unknown type of event.
    package static func requireEvent(_ name: String) throws(Refusal) {
        guard EventType(rawValue: name) == nil else { return }
        let names = EventType.allCases.map(\.rawValue)
        let remedy =
            Suggestion.nearest(to: name, among: names).map { "Did you mean '\($0)'?" }
            ?? "There are: \(names.joined(separator: ", "))."
        throw Refusal(.invalid, "There is no event '\(name)'", remedy: remedy)
    }
}
