// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Synchronization
import Telemetry

/// Whether this process can do its work now.
///
/// - Returns: Why it cannot, a sentence a reason; nothing when it can. The check must end soon after its task is
///   cancelled: it is given ``HealthRoutes/readinessLimit``.
package typealias ReadinessCheck = @Sendable () async -> [String]

/// What an orchestrator and Prometheus ask: `/livez`, `/readyz`, `/startupz`, `/metrics`.
struct HealthRoutes: RouteSet {
    /// Shorter than the second that Kubernetes waits by default would leave no time to a database that is only slow.
    static let readinessLimit: Duration = .milliseconds(900)
    /// For so long an answer is everybody's: whoever asks without end asks the database about once a second, from one of the
    /// sessions that claims need.
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
        // Was it ready once? From then on nobody is asked any more.
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
