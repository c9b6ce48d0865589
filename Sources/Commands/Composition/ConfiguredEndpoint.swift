// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import Operations
import Provisioning
import Store
import Webhooks

/// The endpoint of `notifications.webhook.url`.
enum ConfiguredEndpoint {
    static let name = NewEndpoint.configured

    /// `nil`: none is configured. Throws ``SettingsError`` for an invalid one.
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
                AddEndpoint(name: name, url: url, secret: secret),
                source: .configuration,
                policy: policy,
                codec: codec
            ).endpoint
        } catch let error as SigningKeyError {
            throw SettingsError("notifications.webhook.secret: \(error)")
        } catch {
            throw SettingsError("notifications.webhook.url: \(error)")
        }
    }

    /// Makes the database's endpoint match the configuration: updates it, or disables it when it is no longer
    /// configured.
    ///
    /// When the secret differs from the stored one, the stored one signs as well for a day.
    static func settle(_ endpoint: Endpoint?, in store: Store, codec: StateCodec) async throws {
        guard let endpoint else { return try await store.retireConfiguredEndpoint() }
        var replaced: [UInt8]?
        if let stored = try await store.endpoints(named: name).first?.secret, let new = endpoint.secret {
            // A secret that cannot be decrypted was encrypted with a key that is gone, so it cannot sign any more.
            if let old = try? codec.open(stored), try old != codec.open(new) { replaced = stored }
        }
        try await store.configureEndpoint(endpoint, replacing: replaced)
    }
}
