// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
package import SystemPackage

/// The built binary on a database of the test's own: commands, and workers side by side.
package struct Fleet: Sendable {
    package let database: String
    /// Templates may write to it, whatever user they run as.
    package let directory: FilePath
    /// The workers' own directories, which templates may not read.
    private let workDirectories: FilePath
    private let environment: [String: String?]

    /// - Parameter settings: Variables beyond those that make a worker quick and local.
    package init(database: String = TestDatabase.current.connectionString, settings: [String: String] = [:])
        async throws
    {
        self.database = database
        directory = try await TestArea.shared.makeDirectory("fleet")
        workDirectories = try await TestArea.shared.makeDirectory("work")
        guard chmod(directory.string, 0o777) == 0 else { throw Errno(rawValue: errno) }
        var environment: [String: String?] = [
            "STOKER_DATABASE_URL": database,
            "STOKER_HTTP_ADDRESS": "127.0.0.1:0",
            "STOKER_WORKER_CONCURRENCY": "2",
            "STOKER_WORKER_HEARTBEAT_INTERVAL": "1s",
            "STOKER_PREBUILDS_RECONCILIATION_INTERVAL": "1s",
            "STOKER_PREBUILDS_RECONCILIATION_BACKOFF_INTERVAL": "1s",
            "STOKER_NOTIFICATIONS_ALLOW_NETWORKS": "127.0.0.0/8",
            // Workspaces of the example template live in the test's own directory, and end with it.
            "WORKSPACES_DIRECTORY": directory.string,
            "STOKER_WORKER_TEMPLATE_ENVIRONMENT": "WORKSPACES_DIRECTORY",
            "STOKER_WORKER_TEMPLATE_PATHS": "\(directory):write",
            // Tests often run as root, and so do the files that they make.
            "STOKER_WORKER_TEMPLATE_USER": "root",
            "STOKER_CONFIG": nil,
            "TF_CLI_CONFIG_FILE": nil,
        ]
        for (name, value) in settings { environment[name] = value }
        self.environment = environment
    }

    /// Runs a command to its end.
    package func stoker(_ arguments: String..., within limit: Duration = .seconds(120)) async throws
        -> RunningProcess.Outcome
    {
        try await stoker(arguments, within: limit)
    }

    package func stoker(_ arguments: [String], within limit: Duration = .seconds(120)) async throws
        -> RunningProcess.Outcome
    {
        try await RunningProcess.outcome(of: BuiltProduct.stoker, arguments, environment: environment, within: limit)
    }

    /// Runs a command to its end.
    package func stoker(_ arguments: [String]) async throws -> RunningProcess.Outcome {
        try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            arguments,
            environment: environment,
            within: .seconds(120)
        )
    }

    /// Starts a command without waiting for its end.
    package func start(_ arguments: [String]) async throws -> RunningProcess {
        try await RunningProcess.start(BuiltProduct.stoker, arguments, environment: environment)
    }

    /// Runs a command that must succeed, and reads its JSON.
    package func json<Value: Decodable>(_ type: Value.Type = Value.self, _ arguments: String...) async throws -> Value {
        let outcome = try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            arguments + ["--output", "json"],
            environment: environment,
            within: .seconds(120)
        )
        guard outcome.status.isSuccess else { throw CommandFailed(arguments: arguments, outcome: outcome) }
        return try JSONDecoder().decode(type, from: Data(outcome.standardOutput.joined(separator: "\n").utf8))
    }

    /// Runs a command that must succeed.
    package func run(_ arguments: String...) async throws {
        let outcome = try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            arguments,
            environment: environment,
            within: .seconds(120)
        )
        guard outcome.status.isSuccess else { throw CommandFailed(arguments: arguments, outcome: outcome) }
    }

    /// Starts a worker; it is registered when the watch finds it in `workers`.
    ///
    /// - Parameter launcher: The command line that starts it, when that is not the program itself.
    package func worker(
        _ name: String,
        settings: [String: String] = [:],
        through launcher: [String] = []
    ) async throws -> RunningProcess {
        var own = environment
        own["STOKER_WORKER_NAME"] = name
        own["STOKER_WORKER_WORK_DIRECTORY"] = workDirectory(of: name).string
        for (key, value) in settings { own[key] = value }
        guard let program = launcher.first else {
            return try await RunningProcess.start(BuiltProduct.stoker, ["worker"], environment: own)
        }
        return try await RunningProcess.start(FilePath(program), Array(launcher.dropFirst()), environment: own)
    }

    /// Where the worker of that name keeps its executions and its spool.
    package func workDirectory(of worker: String) -> FilePath { workDirectories.appending(worker) }

    /// A directory of the test's own with these files.
    package func template(_ name: String, _ files: [String: String]) throws -> FilePath {
        let path = directory.appending(name)
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        for (file, text) in files {
            try text.write(toFile: path.appending(file).string, atomically: true, encoding: .utf8)
        }
        return path
    }

    /// A directory of `Config/templates`.
    package static func example(_ name: String) -> String {
        FilePath("\(#filePath)").removingLastComponent().appending("../../Config/templates/\(name)")
            .lexicallyNormalized()
            .string
    }

    package struct CommandFailed: Error, CustomStringConvertible {
        let arguments: [String]
        package let outcome: RunningProcess.Outcome

        package init(arguments: [String], outcome: RunningProcess.Outcome) {
            self.arguments = arguments
            self.outcome = outcome
        }

        package var description: String {
            "stoker \(arguments.joined(separator: " ")): \(outcome.status)\n"
                + (outcome.standardError + outcome.standardOutput).joined(separator: "\n")
        }
    }
}
