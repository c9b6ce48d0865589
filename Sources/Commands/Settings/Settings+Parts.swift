// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Prebuilds
import Provisioning
import Server
import SystemPackage

// Settings as values of other rooms. Each throws ``SettingsError`` if a setting that it is made from is invalid.

extension Settings {
    /// The address of the HTTP server.
    var httpListener: HTTPAddress {
        get throws(SettingsError) {
            let text = try self[\.httpAddress]
            guard let address = HTTPAddress(text) else {
                throw SettingsError("http.address: expected host:port, such as 127.0.0.1:8080, found '\(text)'")
            }
            return address
        }
    }

    /// `http.public_url`, without a trailing slash.
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

    /// The settings that affect a plan.
    var planLimits: PlanLimits {
        get throws(SettingsError) {
            PlanLimits(
                backoffInterval: try self[\.backoffInterval],
                backoffLookback: try self[\.backoffLookback],
                failureHardLimit: try self[\.hardLimit],
                maxPendingJobs: try self[\.maxPendingJobs],
                firstTrial: try self[\.hardLimitRetry],
                longestTrial: try self[\.hardLimitRetryMost],
                keepFailed: try self[\.keepFailed],
                keepFailedFor: try self[\.keepFailedFor]
            )
        }
    }

    /// The addresses that webhooks may reach.
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

    /// `encryption.key`: one key, or several separated by commas. The first one seals what the database stores; all of
    /// them can open it.
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

    /// The directory of builds and unpacked templates.
    var workDirectory: FilePath {
        get throws(SettingsError) {
            if let configured = try self[\.workDirectory] { return FilePath(configured) }
            return try DataDirectory(self).work
        }
    }

    /// The configuration of the webhooks' HTTP client.
    var webhookClient: HTTPClientConfiguration {
        get throws(SettingsError) {
            var client = HTTPClientConfiguration()
            client.addressPolicy = try addressPolicy
            client.userAgent = "stoker/\(BuildInfo.version)"
            if let file = try self[\.webhookAuthorities] { client.authorities = .file(file) }
            if let proxy = try self[\.webhookProxy] {
                client.proxy = proxy == "environment" ? .environment : .url(proxy)
            }
            // Each endpoint has its own limit (`DeliveryLanes`).
            client.maximumTransfersPerKey = client.maximumTransfers
            return client
        }
    }

    /// The isolation of templates.
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

    /// The files of settings, and those from which libpq reads passwords and keys.
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
        // Other secrets that this worker does not know may be in the same directory.
        let beside = paths.map { $0.removingLastComponent() }.filter { $0.starts(with: "/etc") && $0 != "/etc" }
        return paths + beside
    }
}
