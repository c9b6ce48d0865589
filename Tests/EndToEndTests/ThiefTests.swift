// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Templates that try to reach the worker, its secrets, its database and other builds (`thief.py`), under a `stoker up`
/// of root and of another user.
@Suite struct ThiefTests {
    /// Landlock refuses what the user could do otherwise.
    private static let users: [UInt32] = geteuid() == 0 ? [0, 65_534] : [geteuid()]
    private static let key = Data((0..<32).map { UInt8($0) + 65 }).base64EncodedString()
    private static let marks = [key, "token-of-the-environment", "secret-of-the-file", "secret-of-the-victim"]

    private struct Report: Decodable {
        let got: [String]
        let tried: Int
        let user: UInt32
        let limits: [Int]
        let groups: [UInt32]
    }

    @Test(.timeLimit(.minutes(5)), arguments: users)
    func `a thief gets nothing, and works as usual`(user: UInt32) async throws {
        let stage = try await Stage(user: user)
        let up = try await RunningProcess.start(
            "/usr/bin/setpriv",
            ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", BuiltProduct.stoker.string]
                // Everybody can see a command line.
                + ["up", "--no-example", "--http-address", "127.0.0.1:0", "--set", "encryption.key=\(Self.key)"],
            environment: stage.environment,
            workingDirectory: stage.data
        )
        _ = try await up.line("stoker up", within: .seconds(60)) { $0.text.hasPrefix("Stoker is up") }
        try await stage.run("users", "add", "alice")
        for template in try stage.templates() { try await stage.run("templates", "push", template.string) }

        // A long build that has something to hide.
        try await stage.run("claim", "victim", "--owner", "alice", "--name", "victim")
        for (name, isProcess) in [("thief", true), ("terraform-thief", false)] {
            try await stage.run("claim", name, "--owner", "alice", "--name", name, "--wait")
            let bytes = try #require(FileManager.default.contents(atPath: stage.share.appending(name).string))
            let report = try JSONDecoder().decode(Report.self, from: bytes)
            #expect(report.got == [], "\(name)")
            #expect(report.tried > 60)
            #expect(report.limits == [512, 1024, 64 << 20])
            #expect(user == 0 ? report.user > 1_000_000 : report.user == user)
            #expect(report.groups == [] || !isProcess || user != 0)
        }
        try Data().write(to: stage.share.appending("go").string)
        up.send(.terminate)
        let status = try await up.exit(within: .seconds(60))
        #expect(status.isSuccess)
    }

    /// Directories and settings of one `stoker up`.
    private struct Stage {
        let data: FilePath
        let share: FilePath
        let secrets: FilePath
        let environment: [String: String?]

        init(user: UInt32) async throws {
            data = try await TestArea.shared.makeDirectory("up")
            share = try await TestArea.shared.makeDirectory("share")
            secrets = try await TestArea.shared.makeDirectory("secrets")
            guard chmod(share.string, 0o777) == 0 else { throw Errno(rawValue: errno) }
            let config = secrets.appending("stoker.yaml")
            try Data("notifications: { webhook: { secret: \(ThiefTests.marks[2]) } }\n".utf8).write(to: config.string)
            for path in [data, secrets, config] {
                guard chown(path.string, user, user) == 0 else { throw Errno(rawValue: errno) }
            }
            guard chmod(config.string, 0o600) == 0 else { throw Errno(rawValue: errno) }
            environment = [
                "HOME": data.string,
                "STOKER_CONFIG": config.string,
                "STOKER_DATA_DIRECTORY": data.string,
                "STOKER_DATABASE_URL": nil,
                "STOKER_TOKEN": ThiefTests.marks[1],
                "STOKER_PREBUILDS_RECONCILIATION_INTERVAL": "1s",
                "STOKER_WORKER_HEARTBEAT_INTERVAL": "1s",
                "STOKER_WORKER_TEMPLATE_PATHS": "\(share):write",
                "STOKER_WORKER_TEMPLATE_PROCESSES": "512",
                "STOKER_WORKER_TEMPLATE_OPEN_FILES": "1024",
                "STOKER_WORKER_TEMPLATE_FILE_SIZE": "64MiB",
                "TF_CLI_CONFIG_FILE": nil,
                // Anybody can create files in it.
                "TMPDIR": "/tmp",
            ]
        }

        func run(_ arguments: String...) async throws {
            let outcome = try await RunningProcess.outcome(
                of: BuiltProduct.stoker,
                arguments,
                environment: environment,
                within: .seconds(120)
            )
            guard outcome.status.isSuccess else { throw Fleet.CommandFailed(arguments: arguments, outcome: outcome) }
        }

        func templates() throws -> [FilePath] {
            let victim = """
                #!/bin/sh
                cat >/dev/null
                export MINE=secret-of-the-victim
                echo "$MINE" >private
                pwd >\(share)/victim-began.new && mv \(share)/victim-began.new \(share)/victim-began
                until [ -e \(share)/go ]; do sleep 0.1; done
                """
            let terraform = """
                resource "terraform_data" "thief" {
                  provisioner "local-exec" { command = "exec ./thief.py start" }
                }
                """
            let thief = try String(
                contentsOfFile: FilePath("\(#filePath)").removingLastComponent().appending("thief.py").string,
                encoding: .utf8
            )
            return [
                try template("victim", provisioner: "process", ["provision": victim]),
                try template("thief", provisioner: "process", ["provision": thief]),
                try template("terraform-thief", provisioner: "terraform", ["main.tf": terraform, "thief.py": thief]),
            ]
        }

        private func template(_ name: String, provisioner: String, _ files: [String: String]) throws -> FilePath {
            let path = secrets.appending(name)
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
            let manifest = "name: \(name)\nprovisioner: \(provisioner)\npresets: [{ name: only, default: true }]\n"
            let targets = Targets(
                share: share.string,
                data: data.string,
                work: data.appending("work").string,
                secrets: [secrets.appending("stoker.yaml").string],
                marks: ThiefTests.marks,
                report: name
            )
            let all = files.merging([
                "stoker.yaml": manifest,
                "targets.json": String(decoding: try JSONEncoder().encode(targets), as: UTF8.self),
            ]) { $1 }
            for (file, text) in all {
                let file = path.appending(file)
                try Data(text.utf8).write(to: file.string)
                if text.hasPrefix("#!") { chmod(file.string, 0o755) }
            }
            return path
        }
    }

    private struct Targets: Encodable {
        let share: String
        let data: String
        let work: String
        let secrets: [String]
        let marks: [String]
        let report: String
    }
}

extension Data {
    fileprivate func write(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: self) else { throw Errno(rawValue: errno) }
    }
}
