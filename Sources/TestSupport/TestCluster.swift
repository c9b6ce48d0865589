// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LocalPostgres
import Logging
package import Testing

/// A server of one test's own, to be restarted, frozen or killed.
package struct TestCluster: Sendable {
    package let cluster: LocalCluster
    /// A URL for libpq; its role is a superuser. It stays the same over restarts.
    package let connectionString: String

    @TaskLocal static var bound: TestCluster?

    /// The server of the running test, which must have the trait `.cluster`.
    package static var current: TestCluster {
        guard let bound else { preconditionFailure("the test has no cluster: give it the trait .cluster") }
        return bound
    }

    /// Freezes every process of the server while the body runs: connections stay and nothing answers.
    ///
    /// If the test process dies meanwhile, ``TestArea``'s watchdog ends the frozen server.
    package func frozen<Result>(_ body: () async throws -> Result) async throws -> Result {
        // The postmaster comes first, so that it starts no child after the list was made.
        if let postmaster = await cluster.pid { kill(postmaster, SIGSTOP) }
        let processes = await cluster.processes
        for process in processes { kill(process, SIGSTOP) }
        defer { for process in processes { kill(process, SIGCONT) } }
        return try await body()
    }

    /// Kills the server's first process as the kernel would when memory runs out.
    package func crash() async {
        if let postmaster = await cluster.pid { kill(postmaster, SIGKILL) }
    }
}

extension LocalCluster {
    /// Stops the server and starts it with the current settings.
    ///
    /// - Returns: The URL to connect with.
    @discardableResult
    package func restart(mode: StopMode = .fast) async throws -> String {
        try await stop(mode: mode)
        return try await start()
    }
}

/// Gives each test, and each case of a parameterised one, a server of its own, and removes it afterwards.
package struct ClusterTrait: TestTrait, SuiteTrait, TestScoping {
    let template: DatabaseTemplate?
    let settings: [String: String]

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let cluster = LocalCluster(
            dataDirectory: try await TestArea.shared.makeDirectory("cluster"),
            settings: PostgresServer.settings.merging(settings) { $1 },
            logger: Logger(label: "test.postgres", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let connectionString = try await cluster.start()
        do {
            try await template?.prepare(connectionString)
            let bound = TestCluster(cluster: cluster, connectionString: connectionString)
            try await TestCluster.$bound.withValue(bound) { try await function() }
        } catch {
            try await cluster.stop(mode: .immediate)
            throw error
        }
        try await cluster.stop(mode: .immediate)
    }
}

extension Trait where Self == ClusterTrait {
    /// A server of the test's own, in ``TestCluster/current``.
    package static var cluster: Self { Self(template: nil, settings: [:]) }

    /// A server of the test's own whose database is prepared like the template, with settings beyond the usual ones.
    package static func cluster(_ template: DatabaseTemplate? = nil, settings: [String: String] = [:]) -> Self {
        Self(template: template, settings: settings)
    }
}
