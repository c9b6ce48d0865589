// SPDX-License-Identifier: Apache-2.0

package import CurlClient
package import Prebuilds
package import Provisioning
package import Store
package import Templates
import Time

/// What operations are performed with, and for whom.
///
/// What is configured is read when an operation asks for it, and throws when it is not what it should be: a wrong setting
/// stops only those that use it.
package struct OperationContext: Sendable {
    package let store: Store
    /// What a plan depends on, as it is configured here.
    package let limits: @Sendable () throws -> PlanLimits
    package let zones: ZoneDirectory
    /// How long running jobs may go on when a worker is drained and nobody says otherwise.
    package let drainDeadline: @Sendable () throws -> Duration
    /// Where webhooks may go.
    package let addressPolicy: @Sendable () throws -> AddressPolicy
    /// Seals what is secret before it is stored.
    package let codec: @Sendable () throws -> StateCodec
    /// The settings in force, secrets hidden.
    package let settings: @Sendable () -> [SettingRow]
    package let news: JobNews
    /// How many API tokens a user may have.
    package let tokensPerUser: @Sendable () throws -> Int
    package var caller: Caller

    package init(
        store: Store,
        limits: @autoclosure @escaping @Sendable () throws -> PlanLimits,
        zones: ZoneDirectory,
        drainDeadline: @autoclosure @escaping @Sendable () throws -> Duration,
        addressPolicy: @autoclosure @escaping @Sendable () throws -> AddressPolicy,
        codec: @autoclosure @escaping @Sendable () throws -> StateCodec,
        settings: @autoclosure @escaping @Sendable () -> [SettingRow],
        news: JobNews,
        tokensPerUser: @autoclosure @escaping @Sendable () throws -> Int,
        caller: Caller
    ) {
        self.store = store
        self.limits = limits
        self.zones = zones
        self.drainDeadline = drainDeadline
        self.addressPolicy = addressPolicy
        self.codec = codec
        self.settings = settings
        self.news = news
        self.tokensPerUser = tokensPerUser
        self.caller = caller
    }

    /// Throws ``Refusal`` when the moment has passed, by the database's clock: what is to last until then would not begin.
    func requireToCome(_ moment: Instant?) async throws {
        guard let moment, try await store.now() >= moment else { return }
        throw Refusal(.invalid, "\(moment) has passed already", remedy: "Give a moment that is to come.")
    }
}

/// One setting as `stoker config print` shows it.
package struct SettingRow: Hashable, Sendable, Codable {
    package let name: String
    /// `nil`: none. Of a secret, only that there is one.
    package let value: String?
    package let origin: String
    package let environment: String
    package let help: String

    package init(name: String, value: String?, origin: String, environment: String, help: String) {
        self.name = name
        self.value = value
        self.origin = origin
        self.environment = environment
        self.help = help
    }
}
