// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Prebuilds
import Provisioning
import Server
import SystemPackage

// Settings as values of other rooms. Each throws ``SettingsError`` when a setting that it is made of is wrong.

extension Settings {
    /// Where health, metrics and the page are served.
    var httpListener: HTTPAddress {
        get throws(SettingsError) {
            let text = try self[\.httpAddress]
            guard let address = HTTPAddress(text) else {
                throw SettingsError("http.address: expected host:port, such as 127.0.0.1:8080, found '\(text)'")
            }
            return address
        }
    }

    /// `http.public_url`, without a slash at its end.
    var accessURL: String? {
        get throws(SettingsError) {
            guard var url = try self[\.publicURL] else { return nil }
            guard ["http://", "https://"].contains(where: url.hasPrefix) else {
                throw SettingsError(
                    "http.public_url: expected a URL such as https://stoker.example.com, found '\(url)'"
                )
            }
            while url.last == "/" { url.removeLast() }
            return url
        }
    }

    /// What a plan depends on.
    var planLimits: PlanLimits {
        get throws(SettingsError) {
            PlanLimits(
                backoffInterval: try self[\.backoffInterval],
                backoffLookback: try self[\.backoffLookback],
                failureHardLimit: try self[\.hardLimit],
                maxPendingJobs: try self[\.maxPendingJobs]
            )
        }
    }

    /// Where webhooks may go.
    var addressPolicy: AddressPolicy {
        get throws(SettingsError) {
            var networks: [IPNetwork] = []
            var problems: [String] = []
            for text in try self[\.allowNetworks] {
                do throws(IPNetworkError) { networks.append(try IPNetwork(text)) } catch {
                    problems.append("notifications.allow_networks: \(error)")
                }
            }
            guard problems.isEmpty else { throw SettingsError(problems) }
            return AddressPolicy(allowedNetworks: networks, allowsPlainHTTP: try self[\.allowPlainHTTP])
        }
    }

    /// `encryption.key`: one key, or several divided by commas, of which the first seals what the database stores and all
    /// open it.
    var stateCodec: StateCodec {
        get throws(SettingsError) {
            let keys = try (self[\.encryptionKey] ?? "").split(separator: ",").map { Data(base64Encoded: String($0)) }
            guard keys.allSatisfy({ $0?.count == 32 }),
                let codec = try? StateCodec(keys: keys.compactMap { $0.map(Array.init) })
            else {
                throw SettingsError(
                    "encryption.key (\(origin(of: SettingKey[\.encryptionKey]))): expected 32 bytes in base64; make them "
                        + "with 'openssl rand -base64 32'"
                )
            }
            return codec
        }
    }

    /// Where builds run and unpacked templates are kept.
    var workDirectory: FilePath {
        get throws(SettingsError) {
            if let configured = try self[\.workDirectory] { return FilePath(configured) }
            return try DataDirectory(self).work
        }
    }

    /// How webhooks leave.
    var webhookClient: HTTPClientConfiguration {
        get throws(SettingsError) {
            var client = HTTPClientConfiguration()
            client.addressPolicy = try addressPolicy
            client.userAgent = "stoker/\(BuildInfo.version)"
            if let file = try self[\.webhookAuthorities] { client.authorities = .file(file) }
            if let proxy = try self[\.webhookProxy] {
                client.proxy = proxy == "environment" ? .environment : .url(proxy)
            }
            // Each endpoint has a limit of its own (`DeliveryLanes`).
            client.maximumTransfersPerKey = client.maximumTransfers
            return client
        }
    }

    /// How templates are kept from what is not theirs.
    var templateIsolation: Isolation {
        get throws(SettingsError) {
            var problems: [String] = []
            // Without a home directory there may be no data directory.
            let directories = [try workDirectory] + ((try? DataDirectory(self)).map { [$0.path] } ?? [])
            var isolation = Isolation(mode: try self[\.isolation], secrets: directories + secretFiles)
            for text in try self[\.templatePaths] {
                let isWritable = text.hasSuffix(":write")
                let path = isWritable ? String(text.dropLast(":write".count)) : text
                guard path.hasPrefix("/") else {
                    problems.append("worker.template_paths: expected paths that begin with /, found '\(text)'")
                    continue
                }
                if isWritable {
                    isolation.writable.append(FilePath(path))
                } else {
                    isolation.readable.append(FilePath(path))
                }
            }
            if let mirror = try self[\.terraformPlugins] { isolation.readable.append(FilePath(mirror)) }
            if let name = try self[\.templateUser] {
                if let account = TemplateUser(account: name) {
                    isolation.user = account
                } else {
                    problems.append("worker.template_user: there is no user '\(name)' on this machine")
                }
            }
            guard problems.isEmpty else { throw SettingsError(problems) }
            func limit(_ setting: KeyPath<SettingTable, Setting<Int>>) throws(SettingsError) -> Int? {
                let limit = try self[setting]
                return limit == 0 ? nil : limit
            }
            isolation.limits = ChildLimits(
                processes: try limit(\.templateProcesses),
                openFiles: try limit(\.templateOpenFiles),
                fileSize: try limit(\.templateFileSize)
            )
            return isolation
        }
    }

    /// The files that settings came from, and those that libpq reads passwords and keys from.
    private var secretFiles: [FilePath] {
        var files = ["STOKER_CONFIG", "PGPASSFILE", "PGSERVICEFILE", "PGSSLKEY"].compactMap { environment[$0] }
        for key in SettingKey.all {
            if key.isSecret, let file = environment[key.fileVariable] { files.append(file) }
            switch origin(of: key) {
            case .file(let path, _), .secretFile(let path, _): files.append(path)
            case .flag, .environment, .builtIn: break
            }
        }
        if let home = environment["HOME"] { files += ["\(home)/.pgpass", "\(home)/.postgresql"] }
        let paths = Set(files).sorted().map { FilePath($0) }
        // Beside a secret lie others, that this worker does not know of.
        let beside = paths.map { $0.removingLastComponent() }.filter { $0.starts(with: "/etc") && $0 != "/etc" }
        return paths + beside
    }
}
