// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Provisioning
import Store
import Webhooks

/// An endpoint that a person describes, checked before anything is stored.
struct NewEndpoint {
    let endpoint: Endpoint
    /// Shown once, when it was made here.
    let generatedSecret: String?
    /// What receivers verify its Ed25519 signatures with, when it has such a key.
    let publicKey: String?

    /// - Parameters:
    ///   - secret: `nil`: one is made.
    ///   - signsPublicly: Whether an Ed25519 key is made, too.
    ///   - codec: Seals the secret for the database.
    /// - Throws: ``EndpointURLError``, ``CommandError``; ``SigningKeyError`` for a secret that is none.
    init(
        name: String,
        url: String,
        secret: String?,
        events: [String] = [],
        envelope: Envelope = .standard,
        headers: [String: String] = [:],
        signsPublicly: Bool = false,
        concurrency: Int = 8,
        source: String = "command",
        policy: AddressPolicy,
        codec: StateCodec
    ) throws {
        let target = try EndpointURL(url)
        if let address = target.address, let refusal = policy.refusal(of: address, plain: target.isPlain) {
            throw CommandError(.refused, "the URL's address is refused: \(refusal)")
        }
        for event in events { try Self.requireEvent(event) }
        if source == "command", name == ConfiguredEndpoint.name {
            throw CommandError(.refused, "the name '\(name)' is kept for the endpoint of the configuration")
        }
        let key = try secret.map { try SigningKey($0) } ?? SigningKey.randomSecret()
        let signingKey = signsPublicly ? SigningKey.randomEd25519() : nil
        publicKey = signingKey?.verifier
        generatedSecret = secret == nil ? key.encoded : nil
        // Checks the headers, too.
        _ = try EndpointTarget(
            url: target,
            envelope: envelope,
            keys: [key],
            headers: headers.map { HTTPHeader($0.key, $0.value) },
            concurrencyKey: name
        )
        endpoint = Endpoint(
            name: name,
            url: target.text,
            events: events,
            envelope: envelope.rawValue,
            secret: try codec.seal(Array(key.encoded.utf8)),
            signingKey: try signingKey.map { try codec.seal(Array($0.encoded.utf8)) },
            headers: headers,
            maximumConcurrency: concurrency,
            source: source
        )
    }
}

extension NewEndpoint {
    /// Throws ``CommandError`` when there is no such type of event.
    static func requireEvent(_ name: String) throws {
        guard EventType(rawValue: name) == nil else { return }
        let names = EventType.allCases.map(\.rawValue)
        let remedy =
            names.nearest(to: name).map { "Did you mean '\($0)'?" } ?? "There are: \(names.joined(separator: ", "))."
        throw CommandError(.refused, "there is no event '\(name)'", remedy: remedy)
    }
}

/// The endpoint that `notifications.webhook.url` names.
enum ConfiguredEndpoint {
    static let name = "configuration"

    /// `nil`: the settings name none. Throws ``SettingsError`` for one that cannot be.
    static func endpoint(_ settings: Settings, policy: AddressPolicy, codec: StateCodec) throws -> Endpoint? {
        guard let url = settings[.webhookURL] else { return nil }
        guard let secret = settings[.webhookSecret] else {
            throw SettingsError(
                "notifications.webhook.secret: expected a secret beside notifications.webhook.url; make one with "
                    + "'echo whsec_$(openssl rand -base64 32)'"
            )
        }
        do {
            return try NewEndpoint(
                name: name,
                url: url,
                secret: secret,
                source: name,
                policy: policy,
                codec: codec
            ).endpoint
        } catch let error as SigningKeyError {
            throw SettingsError("notifications.webhook.secret: \(error)")
        } catch {
            throw SettingsError("notifications.webhook.url: \(error)")
        }
    }

    /// Makes the database's endpoint what the configuration says: changed, or disabled when it names none any more.
    ///
    /// When the secret is another than the stored one, that one signs as well for a day.
    static func settle(_ endpoint: Endpoint?, in store: Store, codec: StateCodec) async throws {
        guard let endpoint else { return try await store.retireConfiguredEndpoint() }
        var replaced: [UInt8]?
        if let stored = try await store.endpoints(named: name).first?.secret, let new = endpoint.secret {
            // One that cannot be opened was sealed with a key that is gone: it can sign nothing any more.
            if let old = try? codec.open(stored), try old != codec.open(new) { replaced = stored }
        }
        try await store.configureEndpoint(endpoint, replacing: replaced)
    }
}
