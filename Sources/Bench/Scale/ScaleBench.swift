// SPDX-License-Identifier: Apache-2.0

import Domain
import Store

/// What a large fleet with a long past costs: each operation beside the same one on a tenth of the fleet.
package struct ScaleBench: Benchmark {
    package static let name = "scale"
    let presets: Int
    let prebuilds: Int
    /// Past workspaces; each has two builds with their jobs, and every second one a claim.
    let past: Int
    /// How often each operation is measured.
    let samples: Int

    package init(presets: Int, prebuilds: Int, past: Int, samples: Int) {
        self.presets = presets
        self.prebuilds = prebuilds
        self.past = past
        self.samples = samples
    }

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let tenth = try await costs(server, dividedBy: 10)
        let whole = try await costs(server, dividedBy: 1)
        return zip(whole, tenth).map { whole, tenth in
            BenchFigure(whole.name, spread: whole.times, unit: "ms", against: .floor(tenth.times.p50))
        }
    }

    /// As retention does; fewer if the smaller past has not enough for all samples. One in two was deleted, and almost all
    /// of them more than a day ago.
    private var batch: Int { max(min(past / 10 / 3 / (samples + ScaleRun.warmUps), 1_000), 1) }

    private func costs(_ server: BenchServer, dividedBy part: Int) async throws -> [ScaleCost] {
        let (presets, prebuilds, past) = (presets / part, prebuilds / part, past / part)
        let name = try await server.makeDatabase()
        return try await server.connect(to: name) { store in
            try server.note("Filling \(presets) pools with \(prebuilds) prebuilds ...")
            try await store.addPresets(presets, desired: prebuilds / presets)
            guard try await store.benchPass().createdTotal == prebuilds else {
                throw BenchError("the pools could not be filled")
            }
            try await store.finishPrebuilds()
            try server.note("Adding \(past) workspaces of the past ...")
            try await store.addPast(past)
            try await store.settle()
            try server.note("Measuring ...")
            return try await ScaleRun(store: store, samples: samples, batch: batch).costs()
        }
    }
}

/// The times of an operation, in milliseconds.
struct ScaleCost {
    let name: String
    let times: Percentiles
}
