// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// Workers whose wall clocks are wrong by ten minutes, either way.
@Suite struct WrongClockTests {
    /// From the package `libfaketime`.
    private static let library = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }
        .first { FileManager.default.fileExists(atPath: $0) }

    @Test(
        .enabled(if: library != nil, "needs libfaketime"),
        .database(.currentSchema),
        .timeLimit(.minutes(2))
    )
    func `no lease ends early, and none is stolen`() async throws {
        try await ChaosFleet.open { chaos in
            let fast = try await chaos.worker("fast", settings: wrong(by: "+10m"))
            let slow = try await chaos.worker("slow", settings: wrong(by: "-10m"))
            let right = try await chaos.worker("right")
            // The clocks really are wrong: what a worker logs says so.
            let logged = [fast, slow, right].map { String($0.lines.first?.text.prefix(15) ?? "") }
            #expect(Set(logged).count == 3)

            try await chaos.enqueue(2, "long")
            try await chaos.enqueue(Scale.jobs / 3, "box")
            let ends = try await chaos.ends(of: "box", within: .seconds(30))
            #expect(ends == ["succeeded \(Scale.jobs / 3) of \(Scale.jobs / 3)"])
            // Two leases later the long ones run where they began, and every lease ends when it should.
            let beaten = try await chaos.watch.until("two leases", within: .seconds(20)) {
                try await chaos.watch.column(
                    """
                    SELECT name || ' ' || (lease_expires_at - last_seen_at) FROM workers
                    WHERE state = 'active' AND now() > created_at + interval '7 s'
                    ORDER BY name
                    """
                ).count == 3 ? true : nil
            }
            #expect(beaten)
            let leases = try await chaos.watch.column(
                """
                SELECT concat_ws(' ', name, state, lease_expires_at - last_seen_at, lease_expires_at > now()) FROM workers
                WHERE name <> 'pusher' ORDER BY name
                """
            )
            #expect(leases == ["fast", "right", "slow"].map { "\($0) active 00:00:03 t" })
            #expect(chaos.witness.epochs(of: "long1") == [1])
            #expect(chaos.witness.epochs(of: "long2") == [1])
            #expect(chaos.witness.overlaps == [])
            for worker in [fast, slow, right] { try await worker.end() }
        }
    }

    /// What the process reads as the time of day, and nothing else: monotonic clocks stay right.
    private func wrong(by offset: String) -> [String: String] {
        [
            "LD_PRELOAD": Self.library ?? "", "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        ]
    }
}
