// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Synchronization
import TestSupport

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

extension PostgresConfiguration {
    /// The URL of the server that all tests share. A test leaves nothing in it, except what its sessions keep to
    /// themselves.
    static func shared(_ options: String = "") async throws -> Self {
        Self(try await PostgresServer.shared.connectionString + options, applicationName: "tests")
    }
}

extension PostgresSession {
    static func test() async throws -> PostgresSession {
        try await PostgresSession(.shared(), logger: quiet)
    }
}

extension PostgresPool {
    static func test(size: Int, maximumWait: Duration = .seconds(30)) async throws -> PostgresPool {
        try await PostgresPool(.shared(), size: size, maximumWait: maximumWait, logger: quiet)
    }
}

extension PostgresExecutor {
    /// The single value of the single row.
    func value<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> Value {
        try await execute(Statement("test.value", sql))[0].decode(Value.self)
    }

    func run(_ sql: SQL) async throws {
        _ = try await execute(Statement("test.run", sql))
    }

    /// Returns when the condition holds; the test's time limit ends it otherwise.
    func until(_ condition: SQL) async throws {
        while try await !value("SELECT \(sql: condition)", as: Bool.self) {
            try await run("SELECT pg_sleep(0.002)")
        }
    }

    var backend: Int32 {
        get async throws { try await value("SELECT pg_backend_pid()") }
    }
}

/// A number that several tasks count up.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func increment() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
}

/// Numbers in the order in which tasks wrote them.
final class Log: Sendable {
    private let state = Mutex<[Int]>([])

    var entries: [Int] { state.withLock(\.self) }

    func append(_ entry: Int) {
        state.withLock { $0.append(entry) }
    }
}
