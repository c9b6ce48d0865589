// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import TestSupport
import Testing

/// Workers that are killed with SIGKILL while they work, and started again.
@Suite struct KilledWorkersTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(15)))
    func `every job ends once, none at the same time twice, and nothing is left behind`() async throws {
        try await ChaosFleet.open { chaos in
            let names = ["one", "two", "three", "four"]
            var workers: [RunningProcess] = []
            for name in names { workers.append(try await chaos.worker(name)) }
            try await chaos.enqueue(Scale.jobs, "box")

            // One kill a second until everything is done, and at least a few.
            var kills = 0
            while try await chaos.isBusy || kills < 3 {
                let victim = Int.random(in: names.indices)
                workers[victim].send(.kill)
                try await workers[victim].exit()
                workers[victim] = try await chaos.worker(names[victim])
                kills += 1
                try await Task.sleep(for: .seconds(1))
            }
            let ends = try await chaos.ends(of: "box", within: .seconds(30))
            #expect(ends == ["succeeded \(Scale.jobs) of \(Scale.jobs)"])
            #expect(chaos.witness.overlaps == [])
            try await chaos.requireNoLeftovers(of: names)
            for worker in workers { try await worker.end() }
        }
    }
}

extension ChaosFleet {
    /// Whether any build waits or runs.
    var isBusy: Bool {
        get async throws {
            try await watch.number("SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL") > 0
        }
    }
}
