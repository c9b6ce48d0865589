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

    /// - Parameters:
    ///   - secret: `nil`: one is made.
    ///   - codec: Seals the secret for the database.
    /// - Throws: ``EndpointURLError``, ``CommandError``; ``SigningKeyError`` for a secret that is none.
    init(
        name: String,
        url: String,
        secret: String?,
        events: [String] = [],
        envelope: Envelope = .standard,
        headers: [String: String] = [:],
        source: String = "command",
        policy: AddressPolicy,
        codec: StateCodec
    ) throws {
        let target = try EndpointURL(url)
        if let address = target.address, let refusal = policy.refusal(of: address, plain: target.isPlain) {
            throw CommandError(.refused, "the URL's address is refused: \(refusal)")
        }
        for event in events where EventType(rawValue: event) == nil {
            let names = EventType.allCases.map(\.rawValue)
            let remedy =
                names.nearest(to: event).map { "Did you mean '\($0)'?" }
                ?? "There are: \(names.joined(separator: ", "))."
            throw CommandError(.refused, "there is no event '\(event)'", remedy: remedy)
        }
        let key = try secret.map { try SigningKey($0) } ?? SigningKey.randomSecret()
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
            headers: headers,
            source: source
        )
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
}
