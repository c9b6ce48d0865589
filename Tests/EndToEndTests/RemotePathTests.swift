// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import TestSupport
import Testing

/// The main path with the built binary, and the API of a server as the only access to the database.
@Suite struct RemotePathTests {
    private struct Token: Decodable { let token: String }
    private struct Claimed: Decodable {
        let outcome: String, workspace_name: String, job_id: String, build_status: String?
    }
    private struct Named: Decodable { let name: String }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `push, claim, list, logs and delete over the API alone`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        try await fleet.run("users", "add", "oona", "--role", "owner")
        let owner = try await fleet.json(Token.self, "tokens", "add", "test", "--user", "oona", "--expires", "1h")
        let member = try await fleet.json(
            Token.self,
            "tokens",
            "add",
            "test",
            "--user",
            "ada",
            "--scope",
            "workspaces",
            "--scope",
            "jobs:read"
        )
        let worker = try await fleet.worker("one")
        let server = try await Self.address(of: worker)

        func remote(_ token: String) async throws -> Fleet {
            try await Fleet(
                database: "postgresql://127.0.0.1:1/nowhere",
                settings: ["STOKER_SERVER": server, "STOKER_TOKEN": token]
            )
        }
        let oona = try await remote(owner.token)
        let push = try await oona.stoker("templates", "push", Fleet.example("process-local"))
        #expect(push.status == .exited(0), "\(push.standardError)")
        #expect(push.standardOutput.first?.hasPrefix("Pushed process-local, version ") == true)

        let ada = try await remote(member.token)
        let claimed = try await ada.json(
            Claimed.self,
            "claim",
            "process-local",
            "--owner",
            "ada",
            "--name",
            "dev",
            "--wait"
        )
        #expect(claimed.build_status == "succeeded")
        #expect(try await ada.json([Named].self, "workspaces", "list").map(\.name) == ["dev"])
        let logs = try await oona.stoker("jobs", "logs", claimed.job_id, "--follow")
        #expect(logs.status == .exited(0))
        #expect(!logs.standardOutput.isEmpty)
        #expect(try await oona.stoker("jobs", "logs", claimed.job_id).standardOutput == logs.standardOutput)

        // The output is the same with the database and with the server.
        for command in [
            ["templates", "list"], ["workspaces", "list", "--owner", "ada"], ["users", "list"],
            ["tokens", "list"],
        ] {
            let arguments = command + ["--output", "json"]
            let there = try await oona.stoker(arguments)
            let here = try await fleet.stoker(arguments)
            #expect(there.status == .exited(0), "\(there.standardError)")
            #expect(there.standardOutput == here.standardOutput, "\(command)")
        }
        for command in [["status"], ["plan"], ["presets", "list"], ["prebuilds", "list"], ["maintenance", "status"]] {
            #expect(try await oona.stoker(command).status == .exited(0), "\(command)")
        }

        // Refusals have the same words and the same exit code.
        let unknown = try await oona.stoker("workspaces", "delete", "none")
        #expect(unknown.status == .exited(2))
        #expect(unknown.standardError == (try await fleet.stoker("workspaces", "delete", "none")).standardError)
        #expect(try await ada.stoker("users", "list").status == .exited(2))
        #expect(try await remote("stoker_wrong").stoker("status").status == .exited(2))

        let deleted = try await ada.stoker("workspaces", "delete", "dev")
        #expect(deleted.status == .exited(0), "\(deleted.standardError)")
        worker.send(.terminate)
        #expect(try await worker.exit(within: .seconds(60)) == .exited(0))
    }

    /// Where a worker on a free port listens, by its log.
    static func address(of worker: RunningProcess) async throws -> String {
        let line = try await worker.line("its address") { $0.text.contains("listening on 127.0.0.1:") }
        let range = try #require(line.text.firstRange(of: "listening on 127.0.0.1:"))
        let port = line.text[range.upperBound...].prefix { $0.isNumber }
        return "http://127.0.0.1:\(port)"
    }
}
