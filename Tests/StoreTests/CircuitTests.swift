// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Store
import TestSupport
import Testing
import Time
import Webhooks
import Worker

/// What the database leases against what the rules in Swift say of an endpoint.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct CircuitTests {
    /// Moments in seconds from now.
    private static let standings: [(isEnabled: Bool, openedAt: Int?, nextProbeAt: Int?, leased: Int)] = [
        (true, nil, nil, 3), (true, nil, -5, 3), (true, nil, 5, 3),
        (true, -60, -5, 1), (true, -60, 5, 0), (true, -60, nil, 1),
        (false, nil, nil, 0), (false, -60, -5, 0), (false, -60, nil, 0),
    ]

    @Test func `an endpoint gets everything unless its health spares it, and one probe when that is due`() async throws
    {
        try await Fleet.open { fleet in
            for (index, standing) in Self.standings.enumerated() {
                let endpoint = try await fleet.addEndpoint("e\(index)")
                try await fleet.addDeliveries(3, to: endpoint)
                try await fleet.sql(
                    """
                    UPDATE webhook_endpoints SET enabled = \(standing.isEnabled),
                        opened_at = now() + make_interval(secs => \(standing.openedAt.map(Double.init))),
                        next_probe_at = now() + make_interval(secs => \(standing.nextProbeAt.map(Double.init)))
                    WHERE id = \(endpoint)
                    """
                )
                let health = try await fleet.store.endpoint(named: "e\(index)").health
                let leased = try await fleet.store.leaseDeliveries(for: .random(), limit: 9, lease: .seconds(60))
                    .count { $0.endpoint.id == endpoint }
                #expect(leased == standing.leased, "\(standing)")
                #expect(health.isSpared == (leased < 3), "\(standing)")
            }
        }
    }

    @Test func `five workers and many events send a dead endpoint at most one probe an interval`() async throws {
        try await Fleet.open { fleet in
            let endpoint = try await fleet.addEndpoint("dead")
            try await fleet.addDeliveries(40, to: endpoint)
            let worker = WorkerID.random()
            let recorder = AttemptRecorder(store: fleet.store, worker: worker, logger: .silent)
            var generator = SystemRandomNumberGenerator()
            // Attempts in flight, and when each one's time-out comes.
            var flying: [(delivery: LeasedDelivery, ends: Int)] = []
            var sent: [Int] = []
            var openedAt: Int?
            for now in stride(from: 0, to: 7_200, by: 5) {
                try await fleet.letPass(.seconds(5))
                for index in flying.indices {
                    flying[index].delivery.leasedAt = flying[index].delivery.leasedAt - .seconds(5)
                }
                let ended = flying.filter { $0.ends <= now }.map { flight in
                    DeliveryAttempt(
                        of: flight.delivery,
                        .next(
                            after: .answered(status: 503, retryAfter: nil),
                            attempt: flight.delivery.attempt,
                            using: &generator
                        ),
                        errorClass: "status"
                    )
                }
                flying.removeAll { $0.ends <= now }
                if !ended.isEmpty, try await recorder.record(ended).spared == [endpoint] { openedAt = openedAt ?? now }
                guard flying.count < 5 else { continue }
                let leased = try await fleet.store.leaseDeliveries(
                    for: worker,
                    limit: 5 - flying.count,
                    lease: .seconds(60)
                )
                for delivery in leased {
                    flying.append((delivery, now + Int.random(in: 1...15)))
                    sent.append(now)
                }
            }
            let probes = sent.filter { $0 > openedAt ?? 0 }
            let gaps = zip(probes, probes.dropFirst()).map { $1 - $0 }
            #expect(probes.count >= 5 && probes.count <= 10, "\(probes)")
            #expect(gaps.allSatisfy { $0 >= 30 }, "\(probes)")
        }
    }

    @Test func `the statuses of a delivery are those of the database`() async throws {
        try await Fleet.open { fleet in
            let labels = try await fleet.column(
                "SELECT unnest(enum_range(NULL::webhook_delivery_status))::text",
                as: String.self
            )
            #expect(labels == DeliveryStatus.allCases.map(\.rawValue))
        }
    }
}

extension Fleet {
    /// Moves what deliveries and circuits wait for closer, as if so much time had passed.
    fileprivate func letPass(_ duration: Duration) async throws {
        let seconds = duration / .seconds(1)
        try await sql(
            """
            UPDATE webhook_endpoints SET opened_at = opened_at - make_interval(secs => \(seconds)),
                next_probe_at = next_probe_at - make_interval(secs => \(seconds)),
                failing_since = failing_since - make_interval(secs => \(seconds))
            """
        )
        try await sql(
            """
            UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at - make_interval(secs => \(seconds)),
                lease_expires_at = lease_expires_at - make_interval(secs => \(seconds))
            """
        )
    }
}
