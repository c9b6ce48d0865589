// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Operations
import Provisioning
import Store
import Webhooks

/// The endpoint that `notifications.webhook.url` names.
enum ConfiguredEndpoint {
    static let name = NewEndpoint.configured

    /// `nil`: the settings name none. Throws ``SettingsError`` for one that cannot be.
    static func endpoint(_ settings: Settings, policy: AddressPolicy, codec: StateCodec) throws -> Endpoint? {
        guard let url = try settings[\.webhookURL] else { return nil }
        guard let secret = try settings[\.webhookSecret] else {
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
