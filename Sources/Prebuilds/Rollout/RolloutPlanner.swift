// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// Plans how versions take over from earlier ones: it changes the plans of the presets concerned, each of which was made as if
/// it were alone.
struct RolloutPlanner {
    let snapshot: Snapshot
    let planner: Planner
    private let indices: [PresetID: Int]
    /// The next moment at which a roll-out has made no progress for too long; `nil`: there is none.
    private(set) var nextDeadline: Instant?

    init(snapshot: Snapshot, planner: Planner) {
        self.snapshot = snapshot
        self.planner = planner
        indices = Dictionary(snapshot.presets.indices.map { (snapshot.presets[$0].pool.presetID, $0) }) { first, _ in
            first
        }
    }

    /// - Parameter plans: In the order of the snapshot's presets.
    mutating func plan(_ plans: inout [PresetPlan]) -> [RolloutChange] {
        snapshot.rollouts.compactMap { plan($0, &plans) }
    }

    private mutating func plan(_ rollout: RolloutSnapshot, _ plans: inout [PresetPlan]) -> RolloutChange? {
        let handovers = rollout.pools.compactMap { handover($0, plans) }
        // The rows were read after the presets: a promotion may have come in between. Then nothing is decided.
        guard handovers.count == rollout.pools.count else { return nil }
        var change = RolloutChange(rolloutID: rollout.id)
        if rollout.status == .running { change.end = stop(of: rollout, handovers).map { .stopped($0) } }
        let mayGoOn = rollout.status == .running && change.end == nil
        for handover in handovers {
            if mayGoOn, handover.isNewlyProven { change.proven.append(handover.pool.presetID) }
            handover.apply(to: &plans, goingOn: mayGoOn, isPaused: rollout.status == .paused, planner)
        }
        if mayGoOn, handovers.allSatisfy(\.isDone) { change.end = .completed }
        return change.proven.isEmpty && change.end == nil ? nil : change
    }

    private func handover(_ pool: RolloutPool, _ plans: [PresetPlan]) -> Handover? {
        guard let new = indices[pool.presetID], snapshot.presets[new].isActive else { return nil }
        let olds = pool.predecessors.compactMap { indices[$0] }.filter { !snapshot.presets[$0].isActive }
        return Handover(
            pool: pool,
            new: (new, snapshot.presets[new], plans[new]),
            olds: olds.map { ($0, snapshot.presets[$0]) },
            now: planner.now
        )
    }

    /// The first reason for which it cannot go on.
    private mutating func stop(of rollout: RolloutSnapshot, _ handovers: [Handover]) -> RolloutStop? {
        for handover in handovers where !handover.isDone {
            let deadline = handover.deadline(since: rollout.progressedAt)
            guard let reason = handover.failure ?? handover.delay(beyond: deadline, at: planner.now) else {
                nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
                continue
            }
            let takesBack = handover.pool.settings.onFailure == .rollback && !rollout.isRollback
            return RolloutStop(
                presetID: handover.pool.presetID,
                reason: reason,
                restores: takesBack ? handover.pool.standby : nil
            )
        }
        return nil
    }
}
