// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Whoever waits learns at once what for, and later how it ended, with the database and with a server alike.
@Suite struct WaitingTests {
    private static let manifest = """
        name: slow
        provisioner: process
        presets: [{ name: one, prebuilds: { instances: 0 } }]
        """

    /// Runs until its standard error shows the text; then the command may continue, and must succeed.
    private func command(
        _ fleet: Fleet,
        _ arguments: [String],
        says: String,
        then goOn: () async throws -> Void
    ) async throws -> RunningProcess.Outcome {
        let process = try await fleet.start(arguments)
        try await process.line(says) { $0.source == .standardError && $0.text.contains(says) }
        try await goOn()
        let status = try await process.exit(within: .seconds(60))
        #expect(!process.lines.contains { $0.text.contains("\u{1b}") })
        return RunningProcess.Outcome(
            status: status,
            standardOutput: process.text(of: .standardOutput),
            standardError: process.text(of: .standardError)
        )
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a push, a claim and a log say what they wait for, and how it ended`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        let template = try PoolReportTests.template(fleet, Self.manifest, "exit 0\n")
        var worker: RunningProcess?
        let push = try await command(fleet, ["templates", "push", template], says: "Waiting: no worker is up.") {
            worker = try await fleet.worker("one")
        }
        #expect(push.status == .exited(0))
        #expect(push.standardError.contains { $0.hasPrefix("The import succeeded in ") })

        try await fleet.run("maintenance", "start", "--reason", "new disks")
        let claim = ["claim", "slow", "--owner", "ada", "--name", "box", "--wait"]
        let claimed = try await command(fleet, claim, says: "Waiting: the fleet is in maintenance") {
            try await fleet.run("maintenance", "stop")
        }
        #expect(claimed.status == .exited(0))
        #expect(claimed.standardError.contains { $0.contains("(new disks)") })
        #expect(claimed.standardError.contains { $0.hasPrefix("The build succeeded in ") })

        // When the prebuild that a claim waits for is gone, the claim shows the state of the pool.
        try await fleet.run("maintenance", "start")
        let server = try await RemotePathTests.address(of: #require(worker))
        struct Token: Decodable { let token: String }
        let token = try await fleet.json(Token.self, "tokens", "add", "t", "--user", "ada", "--scope", "workspaces")
        let remote = try await Fleet(
            database: "postgresql://127.0.0.1:1/nowhere",
            settings: ["STOKER_SERVER": server, "STOKER_TOKEN": token.token]
        )
        try await DatabaseWatch.on(fleet.database) { watch in
            _ = try await watch.column("UPDATE template_version_presets SET desired_instances = 1 RETURNING name")
        }
        for (name, place) in [("here", fleet), ("there", remote)] {
            let refill = [
                "claim", "slow", "--owner", "ada", "--name", name, "--wait-for-refill", "--wait-at-most", "4s",
            ]
            let outcome = try await command(place, refill, says: "Waiting: The fleet is in maintenance") {}
            #expect(outcome.status == .exited(0), "\(name): \(outcome.standardError)")
            #expect(outcome.standardError.contains { $0.hasPrefix("Waited ") && $0.hasSuffix(" for a prebuild.") })
        }
        try await fleet.run("maintenance", "stop")
        try await worker?.end()
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `the exit code of a log that was followed is the job's`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        let worker = try await fleet.worker("one")
        let template = try PoolReportTests.template(
            fleet,
            Self.manifest,
            "case \"$STOKER_WORKSPACE_NAME\" in bad) exit 3;; esac\n"
        )
        try await fleet.run("templates", "push", template)
        struct Claimed: Decodable { let job_id: String }
        for (name, code, ending) in [("good", 0, "The build succeeded in "), ("bad", 1, "The build failed in ")] {
            let claimed = try await fleet.json(Claimed.self, "claim", "slow", "--owner", "ada", "--name", name)
            let logs = try await fleet.stoker("jobs", "logs", claimed.job_id, "--follow")
            #expect(logs.status == .exited(Int32(code)), "\(name)")
            #expect(logs.standardError.contains { $0.hasPrefix(ending) }, "\(logs.standardError)")
            #expect(!(logs.standardError + logs.standardOutput).contains { $0.contains("\u{1b}") })
            // Also after it has ended.
            #expect(try await fleet.stoker("jobs", "logs", claimed.job_id, "--follow").status == .exited(Int32(code)))
            #expect(try await fleet.stoker("jobs", "logs", claimed.job_id).status == .exited(0))
        }
        try await worker.end()
    }
}
