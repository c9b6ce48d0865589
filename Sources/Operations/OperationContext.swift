// SPDX-License-Identifier: Apache-2.0

package import CurlClient
package import Prebuilds
package import Provisioning
package import Store
package import Templates
import Time

/// The context of operations, with their caller.
///
/// A setting is read when an operation needs it, and throws if it is invalid, so that a wrong setting affects only the
/// operations that use it.
package struct OperationContext: Sendable {
    package var store: Store
    /// The configured limits of plans.
    package let limits: @Sendable () throws -> PlanLimits
    package let zones: ZoneDirectory
    /// The default deadline of a drain.
    package let drainDeadline: @Sendable () throws -> Duration
    /// The addresses that webhooks may reach.
    package let addressPolicy: @Sendable () throws -> AddressPolicy
    /// Encrypts secrets before they are stored.
    package let codec: @Sendable () throws -> StateCodec
    /// The settings in force, without secrets.
    package let settings: @Sendable () -> [SettingRow]
    package let watch: JobWatch
    /// What is known of presets, for all requests of the process.
    let validations = PresetValidations()
    /// The weekly patterns of pools that size themselves.
    let sizes = SizingMemory()
    /// How many API tokens a user may have.
    package let tokensPerUser: @Sendable () throws -> Int
    package var caller: Caller
    /// By which way the operation is asked for.
    package var origin = AuditOrigin.command

    package init(
        store: Store,
        limits: @autoclosure @escaping @Sendable () throws -> PlanLimits,
        zones: ZoneDirectory,
        drainDeadline: @autoclosure @escaping @Sendable () throws -> Duration,
        addressPolicy: @autoclosure @escaping @Sendable () throws -> AddressPolicy,
        codec: @autoclosure @escaping @Sendable () throws -> StateCodec,
        settings: @autoclosure @escaping @Sendable () -> [SettingRow],
        watch: JobWatch,
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
        self.watch = watch
        self.tokensPerUser = tokensPerUser
        self.caller = caller
    }

    /// Throws ``Refusal`` when the caller is a user who was disabled or removed meanwhile: for requests that last.
    package func requireActiveCaller() async throws {
        guard let user = caller.userID, try await !store.mayAct(user) else { return }
        throw Refusal(.forbidden, "'\(caller.name)' is no longer an active user")
    }

    /// Throws ``Refusal`` when the moment has passed, by the database's clock: a setting until then would never be in
    /// force.
    func requireToCome(_ moment: Instant?) async throws {
        guard let moment, try await store.now() >= moment else { return }
        throw Refusal(.invalid, "\(moment) has passed already", remedy: "Give a moment in the future.")
    }
}

/// One setting as `stoker config print` shows it.
package struct SettingRow: Hashable, Sendable, Codable {
    package let name: String
    /// `nil`: none. For a secret, only whether there is one.
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
