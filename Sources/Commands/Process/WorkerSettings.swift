// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Prebuilds
import Provisioning
import Server
import Store
import Supervision
import SystemPackage
import Templates
import Worker

/// What a worker process is told, read from the settings and checked as a whole before anything starts.
struct WorkerSettings: Sendable {
    let worker: WorkerConfiguration
    let zones: ZoneDirectory
    let http: HTTPConfiguration
    /// `http.public_url`, without a slash at its end.
    let publicURL: String?
    let host: ProvisioningHost
    let terraform: TerraformConfiguration
    let addressPolicy: AddressPolicy
    /// How webhooks leave.
    let webhooks: HTTPClientConfiguration
    let codec: StateCodec

    /// Throws ``SettingsError`` with everything that does not fit together.
    init(_ settings: Settings, zones: ZoneDirectory) throws {
        self.zones = zones
        var problems: [String] = []
        let lease = settings[.leaseDuration]
        if settings[.heartbeatInterval] * 3 > lease {
            problems.append(
                "worker.heartbeat_interval: expected at most a third of worker.lease_duration "
                    + "(\(DurationNotation.write(lease))), found '\(DurationNotation.write(settings[.heartbeatInterval]))'"
            )
        }
        if settings[.reservedSlots] > settings[.concurrency] {
            problems.append(
                "worker.reserved_interactive_slots: expected at most worker.concurrency (\(settings[.concurrency]))"
            )
        }
        let address = HTTPAddress(settings[.httpAddress])
        if address == nil {
            problems.append(
                "http.address: expected host:port, such as 127.0.0.1:8080, found '\(settings[.httpAddress])'"
            )
        }
        var networks: [IPNetwork] = []
        for text in settings[.allowNetworks] {
            do throws(IPNetworkError) { networks.append(try IPNetwork(text)) } catch {
                problems.append("notifications.allow_networks: \(error)")
            }
        }
        do throws(SettingsError) { codec = try EncryptionKeys.codec(settings) } catch {
            throw SettingsError(problems + error.problems)
        }
        var url = settings[.publicURL]
        if let text = url, !["http://", "https://"].contains(where: text.hasPrefix) {
            problems.append("http.public_url: expected a URL such as https://stoker.example.com, found '\(text)'")
        }
        while url?.last == "/" { url?.removeLast() }
        publicURL = url
        let work = try settings[.workDirectory].map { FilePath($0) } ?? DataDirectory(settings).work
        // Without a home directory there may be none.
        let data = try? DataDirectory(settings)
        let isolation = Isolation(settings, directories: [work] + (data.map { [$0.path] } ?? []), problems: &problems)
        guard problems.isEmpty, let address else { throw SettingsError(problems) }

        http = HTTPConfiguration(address: address)
        addressPolicy = AddressPolicy(allowedNetworks: networks, allowsPlainHTTP: settings[.allowPlainHTTP])
        webhooks = HTTPClientConfiguration(settings, addressPolicy)
        terraform = TerraformConfiguration(
            binary: settings[.terraformBinary].map { FilePath($0) },
            pluginDirectory: settings[.terraformPlugins].map { FilePath($0) }
        )
        var host = ProvisioningHost(
            workDirectory: work,
            guardExecutable: Host.ownExecutable,
            environment: settings.environment,
            additionalVariables: settings[.templateEnvironment],
            isolation: isolation,
            presence: FirstProcess.presence,
            timeZoneExists: { zones.rules(named: $0) != nil }
        )
        host.bounds.stateBytes = settings[.maxStateSize]
        self.host = host
        worker = WorkerConfiguration(settings)
    }
}

extension WorkerConfiguration {
    fileprivate init(_ settings: Settings) {
        self.init(
            registration: WorkerRegistration(
                name: settings[.workerName] ?? Host.name,
                hostname: Host.name,
                version: BuildInfo.version,
                tags: settings[.workerTags],
                organizations: settings[.workerOrganizations],
                capacity: settings[.concurrency],
                leaseDuration: settings[.leaseDuration]
            )
        )
        heartbeatInterval = settings[.heartbeatInterval]
        drainDeadline = settings[.drainDeadline]
        reservedInteractiveSlots = settings[.reservedSlots]
        reconciliationInterval = settings[.reconciliationInterval]
        limits = PlanLimits(settings)
        pendingTimeout = settings[.pendingTimeout]
        retention = settings[.retention]
        buildLimits = ExecutionLimits(settings, wallClock: settings[.buildTimeout])
        importLimits = ExecutionLimits(settings, wallClock: settings[.importTimeout])
        replacementPolicy = settings[.replacementPolicy]
    }
}

extension HTTPClientConfiguration {
    fileprivate init(_ settings: Settings, _ policy: AddressPolicy) {
        self.init()
        addressPolicy = policy
        userAgent = "stoker/\(BuildInfo.version)"
        if let file = settings[.webhookAuthorities] { authorities = .file(file) }
        if let proxy = settings[.webhookProxy] { self.proxy = proxy == "environment" ? .environment : .url(proxy) }
        // Each endpoint has a limit of its own (`DeliveryLanes`).
        maximumTransfersPerKey = maximumTransfers
    }
}

extension ExecutionLimits {
    fileprivate init(_ settings: Settings, wallClock: Duration) {
        self.init(
            wallClock: wallClock,
            noOutput: settings[.outputTimeout],
            interruptGrace: settings[.interruptGrace]
        )
    }
}

/// The keys that seal what the database stores.
enum EncryptionKeys {
    /// `encryption.key`: one key, or several divided by commas, of which the first seals and all open.
    static func codec(_ settings: Settings) throws(SettingsError) -> StateCodec {
        var keys: [[UInt8]] = []
        for text in (settings[.encryptionKey] ?? "").split(separator: ",") {
            guard let key = Data(base64Encoded: String(text)), key.count == 32 else { throw unusable(settings) }
            keys.append(Array(key))
        }
        do {
            return try StateCodec(keys: keys)
        } catch {
            throw unusable(settings)
        }
    }

    private static func unusable(_ settings: Settings) -> SettingsError {
        let origin = settings.origin(of: Setting.encryptionKey.key)
        return SettingsError(
            "encryption.key (\(origin)): expected 32 bytes in base64; make them with 'openssl rand -base64 32'"
        )
    }
}

extension StateSealing {
    init(_ codec: StateCodec, compressing: Bool) {
        self.init(seal: { try codec.seal($0, compressing: compressing) }, open: { try codec.open($0) })
    }
}
