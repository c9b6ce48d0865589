// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// A pool's running prebuilds by age: those that stay, and those whose time to live or last invalidation replaces them.
///
/// A pool with a `maxUnavailable` is replaced gradually: an old prebuild can be claimed until its replacement is ready. A
/// pool without one gives up its old prebuilds at once.
struct AgeGroups {
    /// They stay.
    private(set) var fresh: [PrebuildSnapshot] = []
    /// They have not expired, but will before a replacement could be built.
    private(set) var aging: [PrebuildSnapshot] = []
    /// They have expired, and can be claimed until they are replaced.
    private(set) var stale: [PrebuildSnapshot] = []
    /// They have expired, and cannot be claimed.
    private(set) var dead: [PrebuildSnapshot] = []
    /// The next moment at which a prebuild changes its group; `nil`: none will.
    private(set) var nextChange: Instant?
    private let percent: Int?

    init(of preset: PresetSnapshot, now: Instant) {
        percent = preset.maxUnavailable
        for prebuild in preset.running { add(prebuild, of: preset, now) }
    }

    private mutating func add(_ prebuild: PrebuildSnapshot, of preset: PresetSnapshot, _ now: Instant) {
        let isInvalidated = preset.lastInvalidatedAt.map { prebuild.createdAt < $0 } ?? false
        let life = preset.ttlSeconds > 0 ? preset.lifespan(of: prebuild) : nil
        if let life, life.endsAt < now {
            dead.append(prebuild)
        } else if percent == nil {
            if isInvalidated { dead.append(prebuild) } else { fresh.append(prebuild) }
            note(life?.endsAt, now)
        } else if isInvalidated || life.map({ $0.expiresAt <= now }) ?? false {
            stale.append(prebuild)
            note(life?.endsAt, now)
        } else if let life, life.replacedFrom <= now {
            aging.append(prebuild)
            note(life.expiresAt, now)
        } else {
            fresh.append(prebuild)
            note(life?.replacedFrom, now)
        }
    }

    /// A pool is looked at again a moment after the change, because the end belongs to the life.
    private mutating func note(_ change: Instant?, _ now: Instant) {
        guard let change else { return }
        let moment = max(change, now) + .microseconds(1)
        nextChange = nextChange.map { min($0, moment) } ?? moment
    }

    /// Those that are young enough to be claimed.
    var claimable: [PrebuildSnapshot] { fresh + aging + stale }
    /// Prebuilds that somebody can claim.
    var eligible: Int { claimable.eligible }

    /// The expired prebuilds to be deleted now: those that nobody can claim, and those that are replaced, oldest first.
    func gone(desired: Int) -> [PrebuildSnapshot] {
        (dead + useless + Array(served.dropLast(needed(desired)))).sorted(by: PrebuildSnapshot.isOlder)
    }

    /// The expired prebuilds that may go, though nothing replaces them, because there is no room for replacements: as many
    /// as may be unavailable, oldest first.
    func spare(desired: Int) -> [PrebuildSnapshot] {
        guard let percent else { return [] }
        let missing = max(desired - eligible, 0)
        let budget = max(desired * percent / 100, 1)
        return Array(served.suffix(needed(desired)).prefix(max(budget - missing, 0)))
    }

    /// Surplus prebuilds, oldest first. Those that expire soon stay beside as many as are desired, and no longer beside
    /// more.
    func extraneous(desired: Int) -> [PrebuildSnapshot] {
        let surplus = max(fresh.count - desired, 0)
        let old = surplus > 0 ? aging.count : max(aging.count - desired, 0)
        return Array(aging.sorted(by: PrebuildSnapshot.isOlder).prefix(old))
            + fresh.sorted(by: PrebuildSnapshot.isOlder).prefix(surplus)
    }

    /// How many expired ones are still needed.
    private func needed(_ desired: Int) -> Int {
        min(max(desired - fresh.eligible - aging.eligible, 0), served.count)
    }

    private var useless: [PrebuildSnapshot] { stale.filter { !$0.isEligible } }
    private var served: [PrebuildSnapshot] { stale.filter(\.isEligible).sorted(by: PrebuildSnapshot.isOlder) }
}

extension PresetSnapshot {
    fileprivate func lifespan(of prebuild: PrebuildSnapshot) -> Lifespan {
        Lifespan(
            of: prebuild.workspaceID,
            createdAt: prebuild.createdAt,
            ttl: .seconds(ttlSeconds),
            lead: leadTime ?? .zero
        )
    }
}

extension [PrebuildSnapshot] {
    fileprivate var eligible: Int { count(where: \.isEligible) }
}
