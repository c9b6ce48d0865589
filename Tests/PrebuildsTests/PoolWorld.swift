// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Time

/// A pool whose plans are carried out: builds take their time, and passes are made when a loop would make them.
struct PoolWorld {
    private(set) var now = Fixtures.now
    /// In seconds, of prebuilds that were deleted because of their age.
    private(set) var agesAtDeletion: [Double] = []
    private var preset: PresetSnapshot
    private var builds: [(prebuild: PrebuildSnapshot, readyAt: Instant)] = []
    private let buildTime: Duration
    private var generator: SeededGenerator
    private var nextPass = Fixtures.now

    init(_ preset: PresetSnapshot, buildTime: Duration, seed: UInt64) {
        self.preset = preset
        self.buildTime = buildTime
        generator = SeededGenerator(seed: seed)
    }

    /// Prebuilds that can be claimed.
    var ready: Int { plan.presets[0].state.eligible }
    var alive: Int { preset.running.count + builds.count }

    private var plan: Plan { Fixtures.plan(preset, at: now) }

    mutating func run(until end: Instant) {
        while now < end { step() }
    }

    /// Goes to the next event: a build ends, or a pass is due.
    mutating func step() {
        now = builds.map(\.readyAt).reduce(nextPass, min)
        for build in builds where build.readyAt <= now {
            preset.running.append(build.prebuild)
            preset.leadTime = buildTime
        }
        builds.removeAll { $0.readyAt <= now }
        preset.starting = builds.count
        pass()
    }

    private mutating func pass() {
        let plan = plan
        let gone = plan.presets[0].deletions
        agesAtDeletion += gone.map { (now - $0.createdAt) / .seconds(1) }
        preset.running.removeAll { gone.contains($0) }
        for _ in 0..<plan.presets[0].creations {
            let id = WorkspaceID(high: generator.next(), low: generator.next())
            let build = BuildID(high: id.high, low: id.low)
            let prebuild = PrebuildSnapshot(workspaceID: id, buildID: build, createdAt: now, isEligible: true)
            builds.append((prebuild, now + buildTime))
        }
        preset.starting = builds.count
        nextPass = min(plan.nextExpiry ?? .distantFuture, now + .seconds(15))
    }
}
