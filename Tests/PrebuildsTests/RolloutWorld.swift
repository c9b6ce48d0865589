// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Time

/// A template whose versions are pushed while claims come, with the workers that build it: what the database would hold, and
/// what the passes make of it.
struct RolloutWorld {
    struct Version {
        let preset: PresetID
        let isBroken: Bool
        var status = PrebuildStatus.healthy
        var message = ""
        var starts: [StartBuild] = []
        var made = 0
        var madeSince = 0
        var lastMadeAt: Instant?
        var isProven = false
        var standby: Int?
        var predecessors: [Int] = []
    }

    struct Build {
        let prebuild: PrebuildSnapshot
        let version: Int
        /// `nil`: it waits in the queue.
        var endsAt: Instant?
    }

    let desired: Int
    let slots: Int
    let buildTime: Duration
    var limits = PlanLimits(backoffInterval: .seconds(5), failureHardLimit: 3)
    var settings = RolloutSettings()
    private(set) var now = Fixtures.now
    private(set) var versions: [Version] = []
    private(set) var ready: [(version: Int, prebuild: PrebuildSnapshot)] = []
    private(set) var builds: [Build] = []
    private(set) var status = "none"
    private(set) var hits = 0
    private(set) var hitsOfEarlier = 0
    private(set) var misses = 0
    /// Of versions that are not broken, while they were ready.
    private(set) var deletedGood = 0
    private var progressedAt = Fixtures.now
    private var isRollback = false
    private var generator: SeededGenerator

    init(desired: Int, slots: Int, buildTime: Duration, seed: UInt64) {
        (self.desired, self.slots, self.buildTime) = (desired, slots, buildTime)
        generator = SeededGenerator(seed: seed)
    }

    private(set) var active = -1
    var alive: Int { ready.count + builds.count }
    /// How many must stay ready: all, until the new version has made a whole pool; then the floor.
    var least: Int {
        active >= 0 && versions[active].madeSince >= desired ? (desired * settings.floor + 99) / 100 : desired
    }
    func readyOf(_ version: Int) -> Int { ready.count { $0.version == version } }

    // MARK: What others do

    /// As the trigger of `templates` does.
    mutating func push(broken: Bool = false) {
        let preset = PresetID(high: 7, low: UInt64(versions.count + 1))
        versions.append(Version(preset: preset, isBroken: broken))
        promote(versions.count - 1)
        isRollback = false
    }

    private mutating func promote(_ version: Int) {
        let last = active
        active = version
        defer { for index in versions.indices where index != version { versions[index].predecessors = [] } }
        guard last >= 0 else { return }
        let before = versions[last]
        let standby = before.standby == nil || before.isProven ? last : before.standby
        versions[version].standby = standby == version ? nil : standby
        (versions[version].isProven, versions[version].madeSince) = (false, 0)
        versions[version].predecessors = versions.indices.filter { index in
            index != version
                && (index == last || ready.contains { $0.version == index } || builds.contains { $0.version == index })
        }
        for index in versions.indices where index != version { versions[index].standby = nil }
        (status, progressedAt) = ("running", now)
    }

    mutating func claim() {
        guard let index = ready.firstIndex(where: { $0.version == active }) ?? ready.indices.first else {
            misses += 1
            return
        }
        if status == "none" || ready[index].version == active {
            hits += 1
        } else {
            (hits, hitsOfEarlier) = (hits + 1, hitsOfEarlier + 1)
        }
        ready.remove(at: index)
    }

    /// Ends the builds that are due, and begins others.
    mutating func work(at moment: Instant) {
        now = moment
        for build in builds {
            guard let end = build.endsAt, end <= now else { continue }
            let isBroken = versions[build.version].isBroken
            versions[build.version].starts.insert(
                StartBuild(
                    buildID: build.prebuild.buildID,
                    createdAt: build.prebuild.createdAt,
                    hasFailed: isBroken,
                    hasSucceeded: !isBroken
                ),
                at: 0
            )
            guard !isBroken else { continue }
            ready.append((build.version, build.prebuild))
            versions[build.version].made += 1
            versions[build.version].madeSince += 1
            versions[build.version].lastMadeAt = now
        }
        builds.removeAll { $0.endsAt.map { $0 <= now } ?? false }
        for index in builds.indices where builds[index].endsAt == nil {
            if builds.count(where: { $0.endsAt != nil }) < slots { builds[index].endsAt = now + buildTime }
        }
    }

    // MARK: Passes

    var snapshot: Snapshot {
        let presets = versions.indices.filter { index in
            index == active || versions[active].predecessors.contains(index) || ready.contains { $0.version == index }
                || builds.contains { $0.version == index }
        }
        var snapshot = Snapshot(presets: presets.map(preset))
        guard status == "running" || status == "held" else { return snapshot }
        let version = versions[active]
        let pool = RolloutPool(
            presetID: version.preset,
            predecessors: version.predecessors.map { versions[$0].preset },
            standby: version.standby.map { versions[$0].preset },
            isProven: version.isProven,
            made: version.made,
            madeSince: version.madeSince,
            lastMadeAt: version.lastMadeAt,
            settings: settings
        )
        snapshot.rollouts = [
            RolloutSnapshot(
                id: Fixtures.id(1),
                status: status == "held" ? .held : .running,
                progressedAt: progressedAt,
                isRollback: isRollback,
                pools: version.predecessors.isEmpty ? [] : [pool]
            )
        ]
        return snapshot
    }

    private func preset(_ index: Int) -> PresetSnapshot {
        let version = versions[index]
        let own = builds.filter { $0.version == index }
        var preset = Fixtures.preset(desired: desired, isActive: index == active)
        preset.pool = Pool(
            presetID: version.preset,
            presetName: "eu",
            templateVersionID: Fixtures.id(index + 1),
            templateName: "go-dev",
            organizationID: Fixtures.id(1),
            organizationName: "org"
        )
        preset.maxUnavailable = 20
        preset.isRollingOver =
            index == active ? !version.predecessors.isEmpty : versions[active].predecessors.contains(index)
        (preset.status, preset.statusMessage) = (version.status, version.message)
        preset.running = ready.filter { $0.version == index }.map(\.prebuild)
        preset.starting = own.count
        preset.startBuilds = version.starts
        preset.recentFailures = version.starts.count { $0.hasFailed }
        guard index != active else { return preset }
        preset.pendingOrders = own.filter { $0.endsAt == nil }.map {
            PendingOrder(
                workspaceID: $0.prebuild.workspaceID,
                buildID: $0.prebuild.buildID,
                createdAt: $0.prebuild.createdAt,
                hasBegun: false
            )
        }
        return preset
    }

    var plan: Plan { Plan(snapshot: snapshot, now: now, limits: limits) }

    /// Writes a plan, as a pass does.
    mutating func apply(_ plan: Plan) {
        for preset in plan.presets {
            guard let index = versions.firstIndex(where: { $0.preset == preset.pool.presetID }) else { continue }
            let gone = Set(preset.deletions.map(\.workspaceID)).union(preset.cancellations.map(\.workspaceID))
            if !versions[index].isBroken { deletedGood += ready.count { gone.contains($0.prebuild.workspaceID) } }
            ready.removeAll { gone.contains($0.prebuild.workspaceID) }
            builds.removeAll { $0.endsAt == nil && gone.contains($0.prebuild.workspaceID) }
            for _ in 0..<preset.creations { order(index) }
            if let change = preset.statusChange {
                (versions[index].status, versions[index].message) = (change.to, change.message)
            }
        }
        for change in plan.rollouts {
            if !change.proven.isEmpty { versions[active].isProven = true }
            switch change.end {
            case nil: break
            case .completed:
                status = "completed"
                versions[active].predecessors = []
                versions[active].standby = nil
            case .stopped(let stop):
                status = "held"
                guard let preset = stop.restores, let back = versions.firstIndex(where: { $0.preset == preset }) else {
                    continue
                }
                promote(back)
                isRollback = true
            }
        }
        work(at: now)
    }

    private mutating func order(_ version: Int) {
        let id = WorkspaceID(high: generator.next(), low: generator.next())
        let prebuild = PrebuildSnapshot(
            workspaceID: id,
            buildID: BuildID(high: id.high, low: id.low),
            createdAt: now,
            isEligible: true
        )
        builds.append(Build(prebuild: prebuild, version: version))
    }
}
