// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Prebuilds
import Store
import Time

extension PoolsCommand {
    /// `stoker pools set`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set the size of a pool without a new version.",
            discussion: """
                --instances fixes the size, whatever schedule and autoscaling say. The other numbers are those of \
                'prebuilds.autoscale'; what is not given stays as the template says. An override replaces an earlier one and \
                outlives new versions, until --until or 'stoker pools reset'.
                """
        )

        @Argument(help: "The pool, as template/preset.")
        var pool: String

        @Option(help: "Always so many prebuilds.")
        var instances: Int?

        @Option(help: "Whether the pool sizes itself: off, advise or apply.")
        var mode: AutoscaleSettings.Mode?

        @Option(help: "The share of claims that are to be hits, such as 0.95.")
        var goal: Double?

        @Option(help: "The least size that autoscaling chooses.")
        var min: Int?

        @Option(help: "The largest size that autoscaling chooses.")
        var max: Int?

        @Option(help: "When it ends by itself, such as 2025-06-02T03:00:00Z.")
        var until: Instant?

        @Option(help: "Why, for other operators.")
        var reason = ""

        @OptionGroup var control: ReportOptions

        func validate() throws {
            let isTuned = mode != nil || goal != nil || min != nil || max != nil
            guard (instances != nil) != isTuned else {
                throw ValidationError("Give --instances, or some of --mode, --goal, --min and --max.")
            }
            for (option, value) in [("instances", instances), ("min", min), ("max", max)] {
                guard let value, !AutoscaleSettings.sizes.contains(value) else { continue }
                throw ValidationError("--\(option) takes 0 to \(AutoscaleSettings.sizes.upperBound).")
            }
            if let goal, !AutoscaleSettings.goals.contains(goal) {
                throw ValidationError("--goal takes 0.5 to 0.999.")
            }
            if let min, let max, max < min { throw ValidationError("--max \(max) is below --min \(min).") }
        }

        func run() async throws {
            let operation = SetPool(
                target: pool,
                instances: instances,
                mode: mode,
                goal: goal,
                min: min,
                max: max,
                until: until,
                reason: reason
            )
            try await control.report(operation, text: \.text)
        }
    }

    /// `stoker pools reset`
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give the size of a pool back to its template.")

        @Argument(help: "The pool, as template/preset.")
        var pool: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ResetPool(target: pool), text: \.text)
        }
    }
}

extension AutoscaleSettings.Mode: ExpressibleByArgument {}

extension ChangedPool {
    /// For people: what holds now, and what did before.
    var text: String {
        let name = "\(templateName)/\(presetName)"
        guard let override else {
            guard let replaced else { return "\(name): has no override; its template's numbers are in force." }
            return
                "\(name): the override of \(replaced.setBy) (\(replaced.numbers)) has ended; its template's numbers are in force."
        }
        let until = override.until.map { " until \($0)" } ?? ""
        let before = replaced.map { " Before: \($0.numbers), set by \($0.setBy)." } ?? ""
        return "\(name): \(override.numbers)\(until).\(before)"
    }
}
