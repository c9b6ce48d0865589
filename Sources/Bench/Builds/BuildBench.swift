// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import Time

/// The time to a usable workspace, from a push and from a claim, beside the bare commands that do the same.
package struct BuildBench: Benchmark {
    package static let name = "build"
    let worker: ChildWorker
    let templates: [BenchTemplate]
    /// How often each template is pushed.
    let pushes: Int
    /// How many prebuilds are claimed, and how many workspaces are built without one.
    let builds: Int

    package init(worker: ChildWorker, templates: [BenchTemplate], pushes: Int, builds: Int) {
        self.worker = worker
        self.templates = templates
        self.pushes = pushes
        self.builds = builds
    }

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let name = try await server.makeDatabase()
        return try await BenchArea.temporary { area in
            try await server.connect(to: name) { store in
                try await store.addClaimant()
                return try await worker.run(server.configuration(of: name), in: area) { _ in
                    var figures: [BenchFigure] = []
                    for template in templates {
                        let bare = try await BareCommands(template, in: area)
                        try server.note("Pushing \(template.name) ...")
                        let pushed = try await push(template, bare, store)
                        figures += try pushed.figures("push to ready, \(template.name)", bare.names.push)
                        try server.note("Claiming prebuilds of \(template.name) ...")
                        figures += try await claim(template, bare, store)
                    }
                    return figures
                }
            }
        }
    }

    private func edition(_ number: Int, of template: BenchTemplate) -> String { "\(template.name)-\(number)" }

    /// From before a push to the first prebuild of the default preset that can be claimed; each time a new template, with nothing prepared.
    private func push(_ template: BenchTemplate, _ bare: BareCommands, _ store: Store) async throws -> BuildTimes {
        var times = BuildTimes()
        for number in 1...pushes {
            times.bare.append(try await bare.push())
            let name = edition(number, of: template)
            let (push, prebuilds) = try template.edition(name)
            try await store.resume(.reconciliation)
            let began = try await store.now()
            _ = try await store.pushTemplate(push)
            times.all.append((try await store.ready(1, of: name) - began) / .milliseconds(1))
            // The rest of the pools is not measured, and shall not disturb what comes next.
            _ = try await store.ready(prebuilds, of: name, isDefault: false)
        }
        return times
    }

    /// From before a claim to the end of its build: of prebuilds, and of new workspaces when the pool is empty.
    private func claim(
        _ template: BenchTemplate,
        _ bare: BareCommands,
        _ store: Store
    ) async throws -> [BenchFigure] {
        let name = edition(pushes, of: template)
        // The first of each is the warm-up.
        try await store.resize(name, to: builds + 1)
        try await store.resume(.reconciliation)
        _ = try await store.ready(builds + 1, of: name)
        // A refill would build beside what is measured.
        try await store.pause(.reconciliation)
        var (claims, misses) = (BuildTimes(), BuildTimes())
        for number in 0...builds {
            _ = try await bare.create()
            let byHand = try await bare.claim()
            try await bare.remove()
            let times = try await time(name, "claimed-\(number)", isHit: true, store)
            if number > 0 { claims.add(times, bare: byHand) }
        }
        for number in 0...builds {
            let byHand = try await bare.create()
            try await bare.remove()
            let times = try await time(name, "built-\(number)", isHit: false, store)
            if number > 0 { misses.add(times, bare: byHand) }
        }
        return try claims.figures("claim to usable, \(template.name)", bare.names.claim)
            + misses.figures("claim to usable without a prebuild, \(template.name)", bare.names.create)
    }

    private func time(
        _ template: String,
        _ name: String,
        isHit: Bool,
        _ store: Store
    ) async throws -> BuildTimes.One {
        let began = try await store.now()
        let claim = try await store.claim(
            ClaimRequest(template: template, owner: BenchPreset.claimant, name: "\(template)-\(name)")
        )
        guard (claim.outcome == .hit) == isHit else { throw BenchError("a claim's outcome was \(claim.outcome)") }
        let (started, completed) = try await store.end(of: claim.jobID)
        return BuildTimes.One(
            all: (completed - began) / .milliseconds(1),
            build: (completed - started) / .milliseconds(1)
        )
    }
}

/// Milliseconds, by the database's clock; those of the bare commands by this process's.
private struct BuildTimes {
    struct One {
        /// From before the request to the end.
        let all: Double
        /// From the claim of the job on.
        let build: Double
    }

    var all: [Double] = []
    var builds: [Double] = []
    var bare: [Double] = []

    mutating func add(_ one: One, bare: Double) {
        all.append(one.all)
        builds.append(one.build)
        self.bare.append(bare)
    }

    func figures(_ name: String, _ commands: String) throws -> [BenchFigure] {
        let floor = BenchFigure.Reference(kind: .floor, values: [try Percentiles(of: bare).p50], source: commands)
        let whole = BenchFigure(
            name,
            spread: try Percentiles(of: all),
            unit: "ms",
            against: floor,
            target: "<= 1.1 x, or 30 ms more"
        )
        guard !builds.isEmpty else { return [whole] }
        return [whole, BenchFigure("build, \(name)", spread: try Percentiles(of: builds), unit: "ms", against: floor)]
    }
}
