// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Operations
import Testing

@testable import Commands

@Suite struct SettingsTableTests {
    /// The repository, found from this file.
    static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    static func text(of path: String) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: "\(repository)/\(path)"), "\(path) is missing")
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `names are unique, and so are their variables`() {
        #expect(Set(SettingKey.all.map(\.name)).count == SettingKey.all.count)
        #expect(Set(SettingKey.all.map(\.environmentVariable)).count == SettingKey.all.count)
    }

    @Test func `the keys that operators rely on are there, at their defaults`() {
        let expected: [String: String] = [
            "database.pool_size": "8",
            "worker.concurrency": "4",
            "worker.tags": #"{"scope":"organization","owner":""}"#,
            "worker.lease_duration": "1m",
            "worker.heartbeat_interval": "10s",
            "worker.drain_deadline": "30m",
            "worker.reserved_interactive_slots": "0",
            "prebuilds.reconciliation_interval": "15s",
            "prebuilds.reconciliation_backoff_interval": "1m",
            "prebuilds.reconciliation_backoff_lookback": "1h",
            "prebuilds.failure_hard_limit": "3",
            "prebuilds.hard_limit_retry": "15m",
            "prebuilds.hard_limit_retry_most": "6h",
            "prebuilds.keep_failed": "2",
            "prebuilds.keep_failed_for": "24h",
            "prebuilds.max_pending_jobs": "0",
            "prebuilds.pending_timeout": "30m",
            "retention.period": "720h",
            "terraform.replacement_policy": "warn",
            "http.address": "127.0.0.1:8080",
            "notifications.allow_networks": "[]",
        ]
        let without = [
            "database.url", "database.listen_url", "worker.name", "worker.work_directory", "terraform.binary",
            "terraform.plugin_directory", "notifications.webhook.url", "notifications.webhook.secret", "encryption.key",
        ]
        for (name, text) in expected { #expect(SettingKey.named(name)?.defaultText == text, "\(name)") }
        for name in without {
            #expect(SettingKey.named(name) != nil && SettingKey.named(name)?.defaultText == nil, "\(name)")
        }
    }

    @Test func `the annotated default file is made of the table`() throws {
        // After a change: stoker config default > Config/stoker.yaml
        #expect(try Self.text(of: "Config/stoker.yaml") == SettingKey.annotatedFile)
    }

    @Test func `the annotated default file sets everything to what it is without it`() throws {
        let file = try SettingsFile(yaml: SettingKey.annotatedFile, path: "stoker.yaml")
        let given = Set(file.entries.keys)
        #expect(given == Set(SettingKey.all.filter { $0.defaultText != nil }.map(\.name)))
        let settings = try Settings(file: "stoker.yaml", loadFile: { _ throws(SettingsError) in file })
        let plain = try Settings()
        #expect(try settings[\.leaseDuration] == plain[\.leaseDuration])
        #expect(try settings[\.concurrency] == plain[\.concurrency])
        #expect(try settings[\.allowNetworks] == plain[\.allowNetworks])
        #expect(try settings[\.replacementPolicy] == plain[\.replacementPolicy])
        #expect(try settings[\.httpAddress] == plain[\.httpAddress])
        #expect(try settings[\.logLevel] == plain[\.logLevel])
    }

    @Test func `what config print shows hides secrets`() throws {
        let settings = try Settings(
            environment: ["STOKER_DATABASE_URL": "postgresql://u:hunter2@db/x", "STOKER_ENCRYPTION_KEY": "hunter2"]
        )
        let rows = SettingRow.all(of: settings)
        #expect(rows.first { $0.name == "database.url" }?.value == "(hidden)")
        #expect(rows.first { $0.name == "database.url" }?.origin == "STOKER_DATABASE_URL")
        #expect(!(try JSONText.pretty(rows)).contains("hunter2"))
    }
}

@Suite struct SizeNotationTests {
    @Test(arguments: [("0", 0), ("1000", 1_000), ("1KiB", 1_024), ("64MiB", 64 << 20), ("2GiB", 2 << 30)])
    func `sizes are a number and a unit`(text: String, bytes: Int) {
        #expect(SizeNotation.read(text) == bytes)
        #expect(SizeNotation.write(bytes) == text)
    }

    @Test(arguments: ["", "MiB", "1 MiB", "1mb", "1MB", "-1KiB", "1.5MiB", "9999999999999GiB", "1KiBx"])
    func `anything else is refused`(text: String) {
        #expect(SizeNotation.read(text) == nil)
    }
}
