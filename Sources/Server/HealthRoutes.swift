// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Synchronization
import Telemetry

/// Whether this process is ready.
///
/// - Returns: The reasons why it is not, one sentence each; empty when it is ready. The check must end soon after its
///   task is cancelled, which happens after ``HealthRoutes/readinessLimit``.
package typealias ReadinessCheck = @Sendable () async -> [String]

/// The routes for orchestrators and Prometheus: `/livez`, `/readyz`, `/startupz`, `/metrics`.
struct HealthRoutes: RouteSet {
    /// Kubernetes waits a second by default; less than this would make a slow database look unready.
    static let readinessLimit: Duration = .milliseconds(900)
    /// How long an answer is reused, so that frequent probes query the database about once a second, on a session that
    /// claims need.
    static let freshness: Duration = .seconds(1)

    let readiness: ReadinessCheck
    let registry: MetricsRegistry

    func add(to router: Router<ServerRequestContext>) {
        let check = SharedCheck(limit: Self.readinessLimit, freshness: Self.freshness, check: readiness)
        router.show("/livez") { Self.text("ok\n") }
        router.show("/readyz") {
            try await Self.requireReadiness(check)
            return Self.text("ready\n")
        }
        // Once it was ready, the check is not repeated.
        let hasStarted = Atomic(false)
        router.show("/startupz") {
            if !hasStarted.load(ordering: .relaxed) {
                try await Self.requireReadiness(check)
                hasStarted.store(true, ordering: .relaxed)
            }
            return Self.text("started\n")
        }
        router.show("/metrics") { Self.text(registry.text(), type: MetricsRegistry.contentType) }
    }

    private static func requireReadiness(_ check: SharedCheck) async throws(Problem) {
        let reasons = await check.reasons()
        guard reasons.isEmpty else {
            throw Problem(
                .serviceUnavailable,
                title: "Not ready",
                detail: reasons.joined(separator: "; "),
                members: ["reasons": .strings(reasons)]
            )
        }
    }

    private static func text(_ body: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(.ok, ByteBuffer(string: body), type: type)
    }
}
