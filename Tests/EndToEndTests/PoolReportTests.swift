// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What operators see of a pool before it becomes hard limited.
@Suite struct PoolReportTests {
    private struct Failure: Decodable { let job_id: String, error: String, error_code: String }
    private struct Preset: Decodable {
        let status: String, health: String?, last_failure: Failure?, warnings: [String]?
    }
    private struct Plan: Decodable { let presets: [Preset] }

    /// A template of processes whose program is this.
    static func template(_ fleet: Fleet, _ manifest: String, _ program: String) throws -> String {
        let name = String(manifest.split(separator: "\n")[0].dropFirst("name: ".count))
        let directory = try fleet.template(name, ["stoker.yaml": manifest, "provision": "#!/bin/sh\n" + program])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a pool whose builds fail is said to, with the error and the job, long before the hard limit`() async throws {
        let fleet = try await Fleet(settings: [
            "STOKER_PREBUILDS_RECONCILIATION_BACKOFF_INTERVAL": "10m", "STOKER_PREBUILDS_FAILURE_HARD_LIMIT": "50",
        ])
        let worker = try await fleet.worker("one")
        let template = try Self.template(
            fleet,
            """
            name: doomed
            provisioner: process
            presets: [{ name: blue, prebuilds: { instances: 1 } }]
            """,
            #"""
            printf '%s\n' '{"type":"result","error":"there is no image blue\nsecond line","code":"FAILED"}'
            exit 1
            """#
        )
        try await fleet.run("templates", "push", template)
        let job = try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until("the build to have failed") {
                try await watch.column(
                    """
                    SELECT j.id::text FROM provisioner_jobs j JOIN workspace_builds b ON b.job_id = j.id
                    WHERE j.job_status = 'failed'
                    """
                ).first
            }
        }
        for command in [["status"], ["plan"]] {
            let preset = try #require(try await fleet.json(Plan.self, command[0]).presets.first)
            #expect(preset.status == "healthy")
            #expect(preset.health == "backing_off")
            #expect(preset.last_failure?.job_id == job)
            #expect(preset.last_failure?.error.hasPrefix("there is no image blue") == true)
        }
        let listed = try #require(try await fleet.json([Preset].self, "presets", "list").first)
        #expect(listed.health == "backing_off" && listed.last_failure?.job_id == job)
        for command in [["status"], ["plan"], ["presets", "list"]] {
            let text = try await fleet.stoker(command).standardOutput.joined(separator: "\n")
            #expect(text.contains("backing off"), "\(command)")
            #expect(text.contains("there is no image blue") && text.contains(job), "\(command): \(text)")
        }
        try await fleet.run("prebuilds", "pause", "--template", "doomed")
        #expect(try await fleet.json(Plan.self, "status").presets.first?.health == "paused")
        try await worker.end()
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a time to live below the time of a build is a warning in the plan, and at the next push`() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.worker("one")
        let template = try Self.template(
            fleet,
            """
            name: brief
            provisioner: process
            presets:
              - { name: mayfly, prebuilds: { instances: 1, expiration_policy: { ttl: 1s } } }
              - { name: tortoise, prebuilds: { instances: 1, expiration_policy: { ttl: 1h } } }
            """,
            "sleep 1.2\n"
        )
        let first = try await fleet.stoker("templates", "push", template)
        #expect(first.status == .exited(0))
        #expect(!first.standardError.contains { $0.contains("ttl") })
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until(
                "both presets to have been built",
                """
                SELECT count(DISTINCT b.template_version_preset_id)
                FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.transition = 'start' AND j.job_status = 'succeeded'
                """,
                is: 2
            )
        }
        let warnings = try await fleet.json(Plan.self, "plan").presets.map { $0.warnings ?? [] }
        #expect(warnings.map(\.count) == [1, 0])
        #expect(warnings[0].first?.contains("expire 1 s after they are ordered, and a build takes 2 s") == true)
        let second = try await fleet.stoker("templates", "push", template)
        #expect(second.status == .exited(0))
        #expect(second.standardError.filter { $0.contains("ttl") }.count == 1)
        #expect(second.standardError.contains { $0.hasPrefix("warning: preset 'mayfly': its prebuilds expire 1 s") })
        try await worker.end()
    }

    private struct Found: Decodable { let check: String, state: String, message: String, remedy: String }

    @Test(.database(.currentSchema), .timeLimit(.minutes(1)))
    func `the doctor names a missing encryption key, and a receiver that fails`() async throws {
        let fleet = try await Fleet()
        for name in ["down", "up"] {
            try await fleet.run("webhooks", "add", name, "http://127.0.0.1:9/hook")
        }
        try await DatabaseWatch.on(fleet.database) { watch in
            // As five failed attempts leave it.
            _ = try await watch.column(
                """
                UPDATE webhook_endpoints SET consecutive_failures = 5, failing_since = '2025-06-02T03:00:00Z',
                    opened_at = now(), next_probe_at = now(), last_status = 503, last_error = 'status'
                WHERE name = 'down' RETURNING name
                """
            )
        }
        func finding(_ check: String, of fleet: Fleet) async throws -> Found {
            let found = try await fleet.json([Found].self, "doctor")
            return try #require(found.first { $0.check == check })
        }
        let down = try await finding("webhook down", of: fleet)
        #expect(down.state == "warning")
        #expect(down.message.contains("failing since 2025-06-02 03:00:00 UTC, 5 times in a row"))
        #expect(down.message.contains("the last answer was 503"))
        #expect(down.remedy.contains("stoker webhooks test down"))
        #expect(try await finding("webhook up", of: fleet).state == "ok")
        let plain = try await finding("encryption key", of: fleet)
        #expect(plain.state == "warning" && plain.remedy.contains("openssl rand -base64 32"))
        let key = Data(repeating: 7, count: 32).base64EncodedString()
        let sealing = try await Fleet(settings: ["STOKER_ENCRYPTION_KEY": key])
        #expect(try await finding("encryption key", of: sealing).state == "ok")
    }
}
