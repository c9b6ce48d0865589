// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Operations
import Prebuilds
import SystemPackage
import Templates
import Time

extension PoolsCommand {
    /// `stoker pools simulate`
    struct Simulate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try sizes of a pool on past claims or on a trace, by the same rules as in a pass.",
            discussion: """
                With --trace no database is needed. Otherwise the claims of TEMPLATE/PRESET from --from to --to are used, of \
                all versions, and its schedule, its settings and the times that its builds took.

                A claim that finds no ready prebuild is a miss, and lost to the pool. Policies: 'now' as the preset is \
                configured, 'fixed:N', 'schedule' (the preset's; for a trace alone, the best one by the hour of the week), \
                'auto', and 'known-rate', which knows the rate of a trace of counts and shows what is possible at best.
                """
        )

        @Argument(help: "The pool, as template/preset.")
        var pool: String?

        @Option(help: "A CSV file of claims: lines of 'instant', or of 'instant,count' for bins. Times are UTC.")
        var trace: String?

        @Option(help: "The beginning of the claims, such as 2025-06-02T03:00:00Z. Default: four weeks before the end.")
        var from: Instant?

        @Option(help: "The end of the claims. Default: now.")
        var to: Instant?

        @Option(help: "The share of claims that are to be hits. Default: the preset's, or 0.95.")
        var goal: Double?

        @Option(help: "A policy; may be repeated. Default: all that apply.")
        var policy: [PolicyArgument] = []

        @Option(help: "How long builds take: their median and their 90th percentile, such as 3m,5m.")
        var buildTime: BuildTimeArgument?

        @Option(help: "Scale the counts of a trace to this mean, and draw claims from them.")
        var claimsPerHour: Double?

        @Option(help: "The seed of everything that is drawn: the same one gives the same numbers.")
        var seed: UInt64 = 1

        @Option(help: "The time at the beginning that is not counted, such as 14d.")
        var warmUp = DurationArgument(.zero)

        @Option(help: "Write the first policy's sizes to this file, as lines of 'instant,desired'.")
        var timeline: String?

        @Option(help: "Write the claims to this file, a time per line.")
        var arrivals: String?

        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard (trace == nil) != (pool == nil) else {
                throw ValidationError("Name a pool as template/preset, or a file with --trace, and not both.")
            }
            if let pool {
                guard let slash = pool.firstIndex(of: "/"), slash != pool.startIndex else {
                    throw ValidationError("'\(pool)' is not a pool; write template/preset.")
                }
                guard claimsPerHour == nil else {
                    throw ValidationError("--claims-per-hour needs a --trace with counts.")
                }
            } else {
                guard from == nil, to == nil else {
                    throw ValidationError("--from and --to need a pool, not a --trace.")
                }
                guard !policy.contains(where: { $0.policy == .now }) else {
                    throw ValidationError("The policy 'now' needs a pool as template/preset.")
                }
            }
            if let goal, !AutoscaleSettings.goals.contains(goal) {
                throw ValidationError("--goal takes 0.5 to 0.999.")
            }
            if let claimsPerHour, !(claimsPerHour > 0 && claimsPerHour <= 100_000) {
                throw ValidationError("--claims-per-hour takes a number above 0, at most 100000.")
            }
        }

        func run() async throws {
            var order = if let trace { try ofTrace(trace) } else { try await ofPool(pool ?? "") }
            if let goal { order.goal = goal }
            if let buildTime { order.buildTimes = buildTime.times }
            guard order.warmUp < order.trace.end - order.trace.start else {
                throw CommandError(
                    .usage,
                    "--warm-up: nothing is left to count: the claims span "
                        + DurationNotation.write(order.trace.end - order.trace.start)
                )
            }
            let claims = order.trace.arrivals(seed: seed)
            if let arrivals { try TextFile.write(claims.map { "\($0)" }, to: arrivals) }
            var sizes: [String] = []
            let report = order.report(try policies(for: order), arrivals: claims) { sizes.append("\($0),\($1)") }
            if let timeline { try TextFile.write(sizes, to: timeline) }
            try control.output.print(report, table: \.text)
        }

        private func policies(for order: SimulationOrder) throws -> [SimulatedPolicy] {
            guard !policy.isEmpty else {
                return [.automatic] + (pool == nil ? [] : [.now]) + [.schedule]
                    + (order.trace.hasCounts ? [.knownRate] : [])
            }
            let policies = policy.map(\.policy)
            guard order.trace.hasCounts || !policies.contains(.knownRate) else {
                throw CommandError(.usage, "The policy 'known-rate' needs a --trace with counts")
            }
            return policies
        }
    }
}

extension PoolsCommand.Simulate {
    /// A pool that is described by options alone.
    private func ofTrace(_ file: String) throws -> SimulationOrder {
        let text = try TextFile.read(file)
        var trace: Trace
        do throws(TraceError) {
            trace = try Trace(csv: text)
        } catch {
            throw CommandError(.usage, "\(file)\(error.line.map { ":\($0)" } ?? ""): \(error.message)")
        }
        if let claimsPerHour {
            guard trace.hasCounts else {
                throw CommandError(.usage, "--claims-per-hour: \(file) has single claims, which cannot be scaled")
            }
            trace = trace.scaled(toClaimsPerHour: claimsPerHour)
        }
        guard trace.total <= Double(Trace.mostClaims) else {
            throw CommandError(
                .usage,
                "\(file): more than \(Trace.mostClaims) claims",
                remedy: "Scale the counts with --claims-per-hour."
            )
        }
        return try order(
            trace,
            BuildTimes.usual,
            AutoscaleSettings(mode: .apply, max: LeastFixed.limit),
            schedule: nil,
            zone: .utc
        )
    }

    /// The recorded claims of a pool.
    private func ofPool(_ name: String) async throws -> SimulationOrder {
        let demand = try await control.control.ask(ReadDemand(target: name, from: from, to: to))
        let zones = ZoneDirectory()
        guard let zone = zones.rules(named: demand.timeZone) else {
            throw CommandError("This machine has no time zone '\(demand.timeZone)', which the schedule names")
        }
        let schedule = try PoolSchedule(
            rows: demand.schedules,
            timeZone: demand.timeZone,
            zones: [demand.timeZone: zone],
            fallback: demand.desiredInstances
        )
        let times = demand.buildTimes.flatMap { BuildTimes(p50: .seconds($0.p50), p90: .seconds($0.p90)) }
        return try order(
            demand.trace,
            times ?? BuildTimes.usual,
            demand.autoscale,
            schedule: schedule,
            zone: zone
        )
    }

    private func order(
        _ trace: Trace,
        _ buildTimes: BuildTimes,
        _ settings: AutoscaleSettings,
        schedule: PoolSchedule?,
        zone: TimeZoneRules
    ) throws -> SimulationOrder {
        SimulationOrder(
            trace: trace,
            warmUp: warmUp.duration,
            goal: settings.goal,
            buildTimes: buildTimes,
            seed: seed,
            settings: settings,
            schedule: schedule,
            zone: zone
        )
    }
}

/// `--policy`
struct PolicyArgument: ExpressibleByArgument {
    let policy: SimulatedPolicy

    init?(argument: String) {
        guard let policy = SimulatedPolicy(argument) else { return nil }
        self.policy = policy
    }
}

/// `--build-time`: a median and a 90th percentile, or one time for both.
struct BuildTimeArgument: ExpressibleByArgument {
    let times: BuildTimes

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Self.seconds(String($0)) }
        guard (1...2).contains(parts.count), let p50 = parts[0], let p90 = parts[parts.count - 1],
            let times = BuildTimes(p50: p50, p90: p90)
        else { return nil }
        self.times = times
    }

    /// A duration such as `3m`, or seconds.
    private static func seconds(_ text: String) -> Duration? {
        DurationNotation.read(text) ?? Double(text).flatMap { (0...1e6).contains($0) ? .seconds($0) : nil }
    }
}
