// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// Plans one preset after the other, each by itself; ``Plan`` applies the limits that presets share.
struct Planner {
    private let now: Instant
    private let limits: PlanLimits
    private let zones: [String: TimeZoneRules]
    /// The earliest change by age of the pools seen so far.
    private(set) var nextExpiry: Instant?
    /// The earliest edge of the schedules seen so far.
    private var scheduleEdge: Instant?
    /// The sizes that pools choose themselves, and the overrides.
    private(set) var sizes = PlannedSizes()

    /// The next moment at which a schedule or an override changes a desired count.
    var nextScheduleEdge: Instant? {
        guard let end = sizes.nextEnd else { return scheduleEdge }
        return scheduleEdge.map { min($0, end) } ?? end
    }

    init(now: Instant, limits: PlanLimits, zones: [String: TimeZoneRules]) {
        self.now = now
        self.limits = limits
        self.zones = zones
    }

    /// - Parameter problems: The errors of the preset's values.
    mutating func plan(_ preset: PresetSnapshot, invalid problems: [String]) -> PresetPlan {
        preset.isActive ? planActive(preset, problems) : planInactive(preset)
    }

    private func planInactive(_ preset: PresetSnapshot) -> PresetPlan {
        let ages = AgeGroups(of: preset, now: now)
        let orders = preset.pendingOrders.sorted(by: PendingOrder.isOlder)
        let doomed = (preset.running + orders.filter(\.hasBegun).map(\.prebuild)).sorted(by: PrebuildSnapshot.isOlder)
        return PresetPlan(
            pool: preset.pool,
            isActive: false,
            status: preset.status,
            state: PoolState(
                actual: preset.running.count,
                expired: ages.stale.count + ages.dead.count,
                starting: preset.starting,
                stopping: preset.stopping,
                deleting: preset.deleting,
                failed: preset.failed,
                canceled: preset.canceled
            ),
            actions: (orders.isEmpty ? [] : [.cancel(orders)])
                + (doomed.isEmpty ? [] : [.delete(.inactive, doomed)]) + Self.deletionsAgain(preset)
        )
    }

    /// Repeats deletions that were canceled.
    private static func deletionsAgain(_ preset: PresetSnapshot) -> [PresetAction] {
        preset.abandonedDeletions.isEmpty
            ? [] : [.delete(.deletionCanceled, preset.abandonedDeletions.sorted(by: PrebuildSnapshot.isOlder))]
    }

    private mutating func planActive(_ preset: PresetSnapshot, _ invalid: [String]) -> PresetPlan {
        let ages = AgeGroups(of: preset, now: now)
        if let change = ages.nextChange { nextExpiry = nextExpiry.map { min($0, change) } ?? change }
        var problems: [String] = []
        var warnings: [String] = []
        let scheduled = desiredCount(preset, &problems, &warnings)
        let zone = TimeZoneRules.named(preset.schedules.isEmpty ? "" : preset.timeZone, in: zones)
        let size = sizes.choose(for: preset, scheduled: scheduled, in: zone, at: now)
        let desired = size?.desired ?? scheduled
        problems += invalid
        if let warning = TimeToLive.warning(seconds: preset.ttlSeconds, build: preset.buildTime) {
            warnings.append(warning)
        }
        warnings += preset.unknownValues.map { "the preset's value '\($0)' is for no parameter of its version" }

        let wanted = desired + preset.waitingClaims
        let extraneous = ages.extraneous(desired: wanted)
        let state = PoolState(
            actual: preset.running.count,
            expired: ages.stale.count + ages.dead.count,
            aging: ages.aging.count,
            desired: desired,
            waiting: preset.waitingClaims,
            eligible: ages.eligible,
            extraneous: extraneous.count,
            starting: preset.starting,
            stopping: preset.stopping,
            deleting: preset.deleting,
            failed: preset.failed,
            canceled: preset.canceled
        )
        var actions: [PresetAction] = []
        let gone = ages.gone(desired: wanted)
        if !gone.isEmpty { actions.append(.delete(.expired, gone)) }
        if !extraneous.isEmpty { actions.append(.delete(.extraneous, extraneous)) }
        actions += Self.deletionsAgain(preset)

        let brake = RunawayBrake(of: preset, desired: state.wanted)
        let granted = min(state.missing, brake?.allowed ?? .max)
        let change = statusChange(of: preset, problems, runaway: granted == 0 && state.missing > 0 ? brake : nil)
        let status = change?.to ?? preset.status
        let backoff = Backoff(of: preset, now: now, limits: limits)
        var withheld =
            state.missing == 0
            ? []
            : reasons(toWithhold: state.missing, of: preset, status, change, problems, backoff)
        if granted > 0, withheld.isEmpty {
            actions.append(.create(granted))
            if let brake, granted < state.missing {
                let message = Withheld.runawayMessage(orders: brake.orders + granted)
                withheld.append(
                    .hardLimited(count: state.missing - granted, failures: brake.orders, message: message)
                )
            }
        }
        return PresetPlan(
            pool: preset.pool,
            isActive: true,
            status: status,
            statusChange: change,
            state: state,
            spare: ages.spare(desired: wanted),
            size: size,
            actions: actions,
            withheld: withheld,
            isPaused: preset.pausedUntil.map { now < $0 } ?? false,
            failedBuild: failedBuild(of: preset, isGivenUp: status == .hardLimited),
            backoff: backoff,
            warnings: warnings
        )
    }

    /// The newest build that has ended, if it failed: recently, or as the cause of a hard limit. An older one says
    /// nothing about a pool whose later prebuilds were claimed.
    private func failedBuild(of preset: PresetSnapshot, isGivenUp: Bool) -> BuildID? {
        guard let newest = preset.startBuilds.first(where: { $0.hasFailed || $0.hasSucceeded }), newest.hasFailed,
            preset.failuresForgottenBefore.map({ newest.createdAt >= $0 }) ?? true,
            isGivenUp || newest.createdAt >= now - max(limits.backoffLookback, .seconds(3_600))
        else { return nil }
        return newest.buildID
    }

    /// The schedule's count; the default count when the schedule cannot be read, which makes the preset invalid.
    private mutating func desiredCount(
        _ preset: PresetSnapshot,
        _ problems: inout [String],
        _ warnings: inout [String]
    ) -> Int {
        let fallback = max(preset.desiredInstances, 0)
        do throws(ScheduleProblem) {
            let schedule = try PoolSchedule(
                rows: preset.schedules,
                timeZone: preset.timeZone,
                zones: zones,
                fallback: fallback
            )
            warnings += schedule.warnings.map(\.message)
            if let edge = schedule.nextEdge(after: now, before: scheduleEdge ?? now + .seconds(3_600)) {
                scheduleEdge = edge
            }
            return max(schedule.desired(at: now), 0)
        } catch {
            problems.append(error.message)
            return fallback
        }
    }

    /// A hard limit lasts until it is reset. A failed validation lasts while there are problems; while the version is
    /// not ready its parameters are not known, and the status stays as it is.
    private func statusChange(
        of preset: PresetSnapshot,
        _ problems: [String],
        runaway: RunawayBrake?
    ) -> StatusChange? {
        if preset.status == .hardLimited { return nil }
        if let limit = HardLimit(of: preset, limits: limits) {
            return StatusChange(
                from: preset.status,
                to: .hardLimited,
                message: Withheld.hardLimitMessage(failures: limit.failedBuilds.count),
                failedBuilds: limit.failedBuilds
            )
        }
        if let runaway {
            return StatusChange(
                from: preset.status,
                to: .hardLimited,
                message: Withheld.runawayMessage(orders: runaway.orders),
                failedBuilds: preset.startBuilds.filter(\.hasFailed).map(\.buildID),
                failures: runaway.orders
            )
        }
        let to: PrebuildStatus = problems.isEmpty ? .healthy : .validationFailed
        let message = problems.joined(separator: "; ")
        guard preset.versionReadiness == .ready || to == .validationFailed else { return nil }
        let isNews = to != preset.status || to == .validationFailed && message != preset.statusMessage
        return isNews ? StatusChange(from: preset.status, to: to, message: message) : nil
    }

    private func reasons(
        toWithhold count: Int,
        of preset: PresetSnapshot,
        _ status: PrebuildStatus,
        _ change: StatusChange?,
        _ problems: [String],
        _ backoff: Backoff?
    ) -> [Withheld] {
        var reasons: [Withheld] = []
        if let until = preset.pausedUntil, now < until {
            reasons.append(.templatePaused(count: count, preset.pool, until: until))
        }
        if let backoff { reasons.append(.backingOff(count: count, backoff)) }
        if status == .hardLimited {
            let failures = change?.failures ?? HardLimit(of: preset, limits: limits)?.failedBuilds.count
            let message = change?.message ?? preset.statusMessage
            reasons.append(.hardLimited(count: count, failures: failures, message: message))
        }
        if !problems.isEmpty { reasons.append(.invalid(count: count, problems.joined(separator: "; "))) }
        if preset.versionReadiness != .ready {
            reasons.append(.versionNotReady(count: count, preset.versionReadiness))
        }
        return reasons
    }
}

extension PresetSnapshot {
    /// Values for which the version has no parameter, by name.
    fileprivate var unknownValues: [String] {
        guard versionReadiness == .ready else { return [] }
        return values.keys.filter { name in !parameters.contains { $0.name == name } }.sorted()
    }
}
