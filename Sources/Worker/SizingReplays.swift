// SPDX-License-Identifier: Apache-2.0

import Basics
import Logging
import Prebuilds
import ServiceLifecycle
import Store
import Templates
import Time

/// Replays each night the last week of every pool that sizes itself. Every worker tries; each pool is replayed once.
struct SizingReplays: Service {
    /// A pool with more claims in five weeks is replayed with less time to learn, or not at all.
    static let mostClaims = 100_000

    let store: Store
    let limits: PlanLimits
    var zones = ZoneDirectory()
    var interval = Duration.seconds(900)
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                // Workers that start together shall not run together.
                try await Task.sleep(for: interval * Double.random(in: 0.5...1.5))
                do {
                    try await replayDue()
                } catch let error as CancellationError {
                    throw error
                } catch {
                    logger.warning("pools could not be replayed", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// - Parameter moment: Whether it is night is decided for this moment; `nil`: now.
    func replayDue(at moment: Instant? = nil) async throws {
        let replays = try await store.replays()
        guard !replays.isEmpty else { return }
        let (now, snapshot) = try await store.snapshot(at: moment, limits: limits)
        let rules = zones.rules(for: snapshot)
        for preset in snapshot.presets where preset.isActive {
            guard let sizing = preset.sizing, sizing.settings.mode == .apply, sizing.override?.instances == nil,
                sizing.learning?.fallback.map({ $0.until <= now }) ?? true, let last = replays[sizing.pool],
                let zone = TimeZoneRules.named(preset.schedules.isEmpty ? "" : preset.timeZone, in: rules),
                SizingReplay.isDue(replayedAt: last, now: now, in: zone),
                try await store.beginReplay(of: sizing.pool, after: last)
            else { continue }
            try await replay(preset, sizing, now, rules, zone)
        }
    }

    private func replay(
        _ preset: PresetSnapshot,
        _ sizing: SizingInput,
        _ now: Instant,
        _ rules: [String: TimeZoneRules],
        _ zone: TimeZoneRules
    ) async throws {
        guard
            let schedule = try? PoolSchedule(
                rows: preset.schedules,
                timeZone: preset.timeZone,
                zones: rules,
                fallback: max(preset.desiredInstances, 0)
            ),
            let claims = try await claims(of: preset, until: now)
        else { return }
        let measured = try await store.leadTimes(of: preset.pool.presetID)
        let times = measured.flatMap { BuildTimes(p50: .seconds($0.p50), p90: .seconds($0.p90)) } ?? .usual
        let replay = await BlockingWork.run {
            SizingReplay(
                claims: claims,
                until: now,
                schedule: schedule,
                settings: sizing.settings,
                buildTimes: times,
                zone: zone
            )
        }
        guard let replay else { return }
        try await store.record(replay, of: sizing.pool)
        logger.log(
            level: replay.isWorse ? .warning : .info,
            replay.isWorse ? "a pool's schedule decides for a week" : "a pool was replayed",
            metadata: [
                "template": "\(preset.pool.templateName)", "preset": "\(preset.pool.presetName)",
                "replay": "\(replay.message)",
            ]
        )
    }

    /// `nil`: too many.
    private func claims(of preset: PresetSnapshot, until now: Instant) async throws -> [Instant]? {
        for learned in [SizingReplay.learned, SizingReplay.week, .zero] {
            let claims = try await store.claims(
                of: preset.pool.presetID,
                from: now - SizingReplay.week - learned,
                to: now,
                limit: Self.mostClaims + 1
            )
            if claims.count <= Self.mostClaims { return claims }
        }
        return nil
    }
}
