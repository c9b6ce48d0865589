// SPDX-License-Identifier: Apache-2.0

import LocalPostgres
import PostgresClient
import Store
package import SystemPackage

/// `stoker worker` as a process of its own, with default settings.
package struct ChildWorker: Sendable {
    /// This program, or another release of it.
    let executable: FilePath
    /// Its environment, without the database and the work directory.
    let environment: [String: String]

    package init(executable: FilePath, environment: [String: String]) {
        self.executable = executable
        self.environment = environment
    }

    /// How long a worker without running jobs may take to end.
    private static let patience = Duration.seconds(60)

    /// Performs the body beside a worker; the error of one that fails names what the worker has logged last.
    ///
    /// - Parameter body: Called with the process's id, at once.
    func run<Result: Sendable>(
        _ configuration: PostgresConfiguration,
        in area: BenchArea,
        settings: [String: String] = [:],
        _ body: (Int32) async throws -> Result
    ) async throws -> Result {
        var environment = environment.merging(settings) { $1 }
        environment["STOKER_DATABASE_URL"] = configuration.text
        environment["STOKER_HTTP_ADDRESS"] = "127.0.0.1:0"
        environment["STOKER_WORKER_WORK_DIRECTORY"] = area.path.appending("work").string
        do {
            return try await Tool.beside(
                executable,
                ["worker"],
                environment: environment,
                log: area.path.appending("worker.log"),
                patience: Self.patience,
                body
            )
        } catch {
            let lines = try area.contents(withPrefix: "worker.log").flatMap { $0.split(separator: "\n") }
            guard let last = lines.last else { throw error }
            throw BenchError("\(error) (the worker's last words: \(last))")
        }
    }
}

/// Waits for what a worker does.
extension Store {
    /// Asks until there is an answer.
    func first<Result>(
        _ what: String,
        within limit: Duration = .seconds(120),
        _ ask: (Store) async throws -> Result?
    ) async throws -> Result {
        let deadline = ContinuousClock.now + limit
        while true {
            if let result = try await ask(self) { return result }
            guard ContinuousClock.now < deadline else {
                throw BenchError("\(what) has not come within \(limit.components.seconds) seconds")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
