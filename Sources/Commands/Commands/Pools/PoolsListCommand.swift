// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Prebuilds
import Store

extension PoolsCommand {
    /// `stoker pools list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List pools: their counts now, and how they did.")

        @OptionGroup var window: PoolWindow
        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListPools(window: window.seconds))
        }
    }

    /// `stoker pools show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one pool: why it has its size, and how it did."
        )

        @Argument(help: "The pool, as template/preset.")
        var pool: String

        @OptionGroup var window: PoolWindow
        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ShowPool(target: pool, window: window.seconds), text: \.text)
        }
    }
}

/// The time over which a pool's claims are counted.
struct PoolWindow: ParsableArguments {
    @Option(help: "The time that is counted, up to now, such as 1h or 7d.")
    var window = DurationArgument(.seconds(86_400))

    var seconds: Int { window.seconds }

    func validate() throws {
        guard (60...2_592_000).contains(window.seconds) else {
            throw ValidationError("--window takes 1m to 30d.")
        }
    }
}

extension PoolReport: TableRow {
    static let whenNone = "There are no pools. Push a template with 'stoker templates push DIR'."

    static var columns: [Table.Column<Self>] {
        [
            .init("template") { $0.plan.templateName },
            .init("preset") { $0.plan.presetName },
            .init("status") { $0.plan.health.words },
            .init("desired") { "\($0.plan.state.desired)" + ($0.plan.size?.override == nil ? "" : " (set)") },
            .init("eligible") { "\($0.plan.state.eligible)" },
            .init("starting") { "\($0.plan.state.starting)" },
            .init("claims") { "\($0.counters.claims)" },
            .init("hits") { $0.counters.hitRatio.map { Figures.percent($0) } ?? "" },
            .init("waited") { "\($0.counters.waited)" },
            .init("bind p95") { $0.counters.bind.p95.map(Figures.seconds) ?? "" },
            .init("usable p95") { $0.counters.usable.p95.map(Figures.seconds) ?? "" },
            .init("idle") { Figures.number($0.counters.idle / $0.counters.window) },
            .init("wasted") { "\($0.counters.wastedBuilds)" },
            .init("autoscale") { $0.plan.size?.autoscale.map { "\($0.settings.mode.rawValue) \($0.target)" } ?? "" },
        ]
    }

    /// One pool in lines.
    var text: String {
        let name = "\(plan.templateName)/\(plan.presetName)"
        let state = plan.state
        let misses = counters.misses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        func quantiles(_ quantiles: PoolCounters.Quantiles) -> String {
            guard let p50 = quantiles.p50, let p95 = quantiles.p95 else { return "-" }
            return "\(Figures.seconds(p50)) (p50), \(Figures.seconds(p95)) (p95)"
        }
        let size = plan.size?.sentences ?? ["size: \(state.desired), by schedule or instances"]
        var lines = [
            "\(name): \(plan.health.words)",
            "  now: \(state.desired) desired, \(state.eligible) eligible, \(state.starting) starting",
        ]
        lines += size.map { "  \($0)" }
        lines += plan.withheld.map { "  withheld: \($0.message)" } + (plan.warnings ?? []).map { "  warning: \($0)" }
        lines += [
            "  the last \(Shown.age(seconds: counters.window)):",
            "    claims: \(counters.claims), \(counters.hits) hits"
                + (counters.hitRatio.map { " (\(Figures.percent($0)))" } ?? "") + ", \(counters.waited) of them waited",
            "    misses: \(misses.isEmpty ? "none" : misses)",
            "    bind: \(quantiles(counters.bind))",
            "    usable: \(quantiles(counters.usable))",
            "    idle: \(Figures.number(counters.idle / 3_600)) hours, "
                + "\(Figures.number(counters.idle / counters.window)) ready prebuilds on average",
            "    builds: \(counters.ordered) ordered, \(counters.failed) failed, \(counters.wastedBuilds) removed unclaimed",
        ]
        if let ready = counters.readyTime {
            lines.append("  ready after: \(Figures.seconds(ready.p50)) (p50), \(Figures.seconds(ready.p90)) (p90)")
        }
        return lines.joined(separator: "\n")
    }
}
