// SPDX-License-Identifier: Apache-2.0

import Logging
import Server
import ServiceLifecycle
import Subprocess
import SystemPackage
import Telemetry
import TestSupport
import Testing

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

/// What curl has received.
struct Answer: Equatable {
    let status: Int
    let contentType: String
    let body: [String]
}

/// Runs a server on a free port for as long as the body runs.
func withServer(
    readiness: @escaping ReadinessCheck = { [] },
    registry: MetricsRegistry = MetricsRegistry(),
    routes: [any RouteSet] = [],
    api: APIRoutes? = nil,
    logger: Logger = .silent,
    _ body: (HTTPAddress) async throws -> Void
) async throws {
    let listening = TestSignal<HTTPAddress>()
    let server = buildServer(
        configuration: HTTPConfiguration(address: HTTPAddress(host: "127.0.0.1", port: 0)),
        readiness: readiness,
        registry: registry,
        routes: routes + [api].compactMap { $0 },
        logger: logger
    ) { listening.send($0) }
    let group = ServiceGroup(services: [server], logger: .silent)
    let running = Task { try await group.run() }
    do {
        try await body(try await listening.next("the server to listen"))
    } catch {
        await group.triggerGracefulShutdown()
        throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
}

/// Asks with the program curl, so that the server is not judged by a client of its own kind.
func ask(_ address: HTTPAddress, _ path: String, _ arguments: [String] = []) async throws -> Answer {
    let format = "\\n%{http_code} %{content_type}"
    let outcome = try await RunningProcess.outcome(
        of: "/usr/bin/curl",
        ["--silent", "--show-error", "--max-time", "20", "--write-out", format] + arguments + [
            "http://\(address)\(path)"
        ]
    )
    try #require(outcome.status == .exited(0), "\(outcome.standardError)")
    let lines = outcome.standardOutput
    let summary = try #require(lines.last).split(separator: " ", maxSplits: 1)
    return Answer(
        status: try #require(Int(summary[0])),
        contentType: summary.count > 1 ? String(summary[1]) : "",
        body: lines.dropLast().filter { !$0.isEmpty }
    )
}
