// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import Domain
import Provisioning
import Server
import Store
import Supervision
import SystemPackage
import Templates
import Worker

/// The settings of a worker process, checked as a whole before anything starts.
struct WorkerSettings: Sendable {
    /// All settings are valid.
    let all: Settings
    let worker: WorkerConfiguration
    let zones: ZoneDirectory
    let http: HTTPConfiguration
    /// `http.public_url`, without a trailing slash.
    let accessURL: String?
    let host: ProvisioningHost
    let terraform: TerraformConfiguration
    /// The configuration of the webhooks' HTTP client.
    let webhooks: HTTPClientConfiguration
    /// The configured endpoint, if there is one.
    let endpoint: Endpoint?
    let codec: StateCodec

    /// Throws ``SettingsError`` with all conflicts.
    init(_ given: Settings, zones: ZoneDirectory = ZoneDirectory()) throws {
        let settings = try given.checked()
        var problems: [String] = []
        func part<Part>(_ read: () throws(SettingsError) -> Part) -> Part? {
            do throws(SettingsError) { return try read() } catch {
                problems += error.problems
                return nil
            }
        }
        let (lease, heartbeat) = (try settings[\.leaseDuration], try settings[\.heartbeatInterval])
        if heartbeat * 3 > lease {
            problems.append(
                "worker.heartbeat_interval: expected at most a third of worker.lease_duration "
                    + "(\(DurationNotation.write(lease))), found '\(DurationNotation.write(heartbeat))'"
            )
        }
        let slots = try settings[\.concurrency]
        if try settings[\.reservedSlots] > slots {
            problems.append("worker.reserved_interactive_slots: expected at most worker.concurrency (\(slots))")
        }
        let address = part { () throws(SettingsError) in try settings.httpListener }
        let webhooks = part { () throws(SettingsError) in try settings.webhookClient }
        let codec = part { () throws(SettingsError) in try settings.stateCodec }
        let accessURL = part { () throws(SettingsError) in try settings.accessURL }
        let isolation = part { () throws(SettingsError) in try settings.templateIsolation }
        guard problems.isEmpty, let address, let webhooks, let codec, let accessURL, let isolation else {
            throw SettingsError(problems)
        }
        all = settings
        self.zones = zones
        self.webhooks = webhooks
        self.codec = codec
        self.accessURL = accessURL
        http = HTTPConfiguration(address: address)
        endpoint = try ConfiguredEndpoint.endpoint(settings, policy: webhooks.addressPolicy, codec: codec)
        terraform = TerraformConfiguration(
            binary: try settings[\.terraformBinary].map { FilePath($0) },
            pluginDirectory: try settings[\.terraformPlugins].map { FilePath($0) }
        )
        var host = ProvisioningHost(
            workDirectory: try settings.workDirectory,
            guardExecutable: Host.ownExecutable,
            environment: settings.environment,
            additionalVariables: try settings[\.templateEnvironment],
            isolation: isolation,
            presence: FirstProcess.presence,
            timeZoneExists: { zones.rules(named: $0) != nil }
        )
        host.bounds.stateBytes = try settings[\.maxStateSize]
        self.host = host
        worker = try WorkerConfiguration(settings)
    }
}

extension WorkerConfiguration {
    fileprivate init(_ settings: Settings) throws(SettingsError) {
        self.init(
            registration: WorkerRegistration(
                name: try settings[\.workerName] ?? Host.name,
                hostname: Host.name,
                version: BuildInfo.version,
                tags: try settings[\.workerTags],
                organizations: try settings[\.workerOrganizations],
                capacity: try settings[\.concurrency],
                leaseDuration: try settings[\.leaseDuration]
            )
        )
        heartbeatInterval = try settings[\.heartbeatInterval]
        drainDeadline = try settings[\.drainDeadline]
        reservedInteractiveSlots = try settings[\.reservedSlots]
        reconciliationInterval = try settings[\.reconciliationInterval]
        limits = try settings.planLimits
        pendingTimeout = try settings[\.pendingTimeout]
        retention = try settings[\.retention]
        buildLimits = try ExecutionLimits(settings, wallClock: \.buildTimeout)
        importLimits = try ExecutionLimits(settings, wallClock: \.importTimeout)
        replacementPolicy = try settings[\.replacementPolicy]
    }
}

extension ExecutionLimits {
    fileprivate init(_ settings: Settings, wallClock: KeyPath<SettingTable, Setting<Duration>>) throws(SettingsError) {
        self.init(
            wallClock: try settings[wallClock],
            noOutput: try settings[\.outputTimeout],
            interruptGrace: try settings[\.interruptGrace]
        )
    }
}
