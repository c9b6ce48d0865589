// SPDX-License-Identifier: Apache-2.0

import Testing
import Time

@testable import Prebuilds

/// A pool that sizes itself, beside the least fixed one that reaches the goal, the best schedule by the hour and a pool
/// that knows the rate: demand of four kinds, five seeds each.
@Suite struct SizingAcceptanceTests {
    private static let goal = 0.95

    private static func order(_ kind: GeneratedTrace, claimsPerHour: Double, seed: UInt64) -> SimulationOrder {
        SimulationOrder(
            trace: kind.trace(days: 28).scaled(toClaimsPerHour: claimsPerHour),
            warmUp: .seconds(14 * 86_400),
            goal: goal,
            buildTimes: .usual,
            seed: seed,
            settings: AutoscaleSettings(mode: .apply, max: LeastFixed.limit),
            schedule: nil,
            zone: .utc
        )
    }

    @Test(arguments: GeneratedTrace.allCases, 1...5 as ClosedRange<UInt64>)
    func `it reaches the goal with less idle time than a fixed pool`(_ kind: GeneratedTrace, _ seed: UInt64) throws {
        let order = Self.order(kind, claimsPerHour: 12, seed: seed)
        let claims = order.trace.arrivals(seed: seed)
        let report = order.report([.automatic, .schedule, .knownRate], arrivals: claims, goals: []) { _, _ in }
        let (auto, schedule, known) = (report.policies[0], report.policies[1], report.policies[2])
        let fixed = try #require(report.leastFixed)
        print(
            "\(kind) seed \(seed): auto \(auto.hitRatio) idle \(auto.idleMean) turns/day \(auto.turnsPerDay); "
                + "fixed:\(fixed.instances) \(fixed.hitRatio) idle \(fixed.idleMean); "
                + "schedule \(schedule.hitRatio) idle \(schedule.idleMean); "
                + "known-rate \(known.hitRatio) idle \(known.idleMean)"
        )
        #expect(auto.hitRatio >= Self.goal - 0.015)
        let share =
            switch kind {
            case .rush, .bursts: 0.6
            case .office: 0.9
            case .noise: 1.0
            }
        #expect(auto.idleMean <= share * fixed.idleMean)
        #expect(auto.idleMean <= 1.5 * known.idleMean)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func `a smooth day changes direction at most four times`(
        _ seed: UInt64
    ) {
        let order = Self.order(.office, claimsPerHour: 12, seed: seed)
        var turns: [Int64: Int] = [:]
        var last: (size: Int, direction: Int) = (0, 0)
        let arrivals = order.trace.arrivals(seed: seed)
        _ = order.report([.automatic], arrivals: arrivals, goals: []) { moment, size in
            let direction = (size - last.size).signum()
            if moment >= order.trace.start + order.warmUp, direction != last.direction {
                turns[moment.seconds / 86_400, default: 0] += 1
            }
            last = (size, direction)
        }
        #expect(turns.values.max() ?? 0 <= 4)
    }
}
