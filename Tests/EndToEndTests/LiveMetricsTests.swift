// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What Prometheus gets from workers under load.
@Suite struct LiveMetricsTests {
    private static let claims = 12

    @Test(
        .database(.currentSchema),
        .enabled(if: Promtool.path != nil, "needs promtool (Debian package prometheus)"),
        .timeLimit(.minutes(3))
    )
    func `promtool accepts what workers tell while claims are made and prebuilds built`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        var addresses: [String] = []
        var workers: [RunningProcess] = []
        for name in ["one", "two"] {
            let worker = try await fleet.worker(name)
            addresses.append(try await RemotePathTests.address(of: worker))
            workers.append(worker)
        }
        try await fleet.run("templates", "push", Self.template(fleet))
        let texts = try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.claims {
                group.addTask {
                    try await fleet.run("claim", "busy", "--owner", "ada", "--name", "w\(number)", "--wait")
                }
            }
            var texts: [String] = []
            for try await () in group {
                for address in addresses { texts.append(try await Self.metrics(of: address)) }
            }
            return texts
        }
        #expect(texts.count == Self.claims * 2)
        for text in texts { #expect(try await Promtool.check(text) == .fine) }
        // The metrics contain the load.
        for family in ["stoker_job_duration_seconds_count", "stoker_db_query_duration_seconds_count"] {
            #expect(texts.suffix(2).allSatisfy { $0.contains("\n\(family)") }, "\(family)")
        }
        for worker in workers { try await worker.end() }
    }

    private static func metrics(of address: String) async throws -> String {
        let outcome = try await RunningProcess.outcome(
            of: "/usr/bin/curl",
            ["--silent", "--fail", "--max-time", "10", "\(address)/metrics"]
        )
        #expect(outcome.status == .exited(0))
        return outcome.standardOutput.joined(separator: "\n") + "\n"
    }

    /// Builds that take a moment, from a pool that is too small for the claims.
    private static func template(_ fleet: Fleet) throws -> String {
        let directory = try fleet.template(
            "busy",
            [
                "stoker.yaml": """
                name: busy
                provisioner: process
                presets: [{ name: one, prebuilds: { instances: 4 } }]
                """,
                "provision": """
                #!/bin/sh
                sleep 0.2
                """,
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }
}
