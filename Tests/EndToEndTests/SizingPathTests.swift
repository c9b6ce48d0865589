// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Sizes of pools with the built binary: autoscaling, overrides, counters, decisions and simulations.
@Suite struct SizingPathTests {
    private struct Autoscale: Decodable { let mode: String, target: Int, text: String, decides: Bool }
    private struct Override: Decodable { let instances: Int?, set_by: String, reason: String }
    private struct Size: Decodable { let desired: Int, scheduled: Int, override: Override?, autoscale: Autoscale? }
    private struct State: Decodable { let desired: Int, eligible: Int }
    private struct Quantiles: Decodable { let p50: Double?, p95: Double? }
    private struct Counters: Decodable {
        let claims: Int, hits: Int, hit_ratio: Double?, misses: [String: Int], waited: Int, ordered: Int,
            wasted_builds: Int
        let idle_seconds: Double, bind_seconds: Quantiles, usable_seconds: Quantiles, ready_seconds: Ready?
    }
    private struct Ready: Decodable { let p50: Double, p90: Double }
    private struct Pool: Decodable {
        let template_name: String, preset_name: String, state: State, size: Size?, counters: Counters
    }
    private struct Decision: Decodable {
        struct Action: Decodable { let type: String, count: Int? }
        let at: String, state: State, size: Size?, actions: [Action]
    }
    private struct Policy: Decodable { let policy: String, claims: Int, hits: Int, misses_by_hour_of_week: [Int] }
    private struct Simulation: Decodable {
        struct Fixed: Decodable { let instances: Int, hit_ratio: Double }
        let policies: [Policy], least_fixed: Fixed?
    }

    private static func shown(_ fleet: Fleet) async throws -> Pool {
        try await fleet.json(Pool.self, "pools", "show", "sized/blue")
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a pool is sized, counted, set, explained and simulated`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        let worker = try await fleet.worker("one")
        let template = try fleet.template(
            "sized",
            [
                "stoker.yaml": """
                name: sized
                provisioner: echo
                presets:
                  - name: blue
                    prebuilds: { instances: 2, autoscale: { mode: advise, min: 1, max: 6 } }
                """
            ]
        )
        try await fleet.run("templates", "push", template.string)
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until(
                "two prebuilds",
                "SELECT count(*) FROM workspace_prebuilds WHERE eligible",
                is: 2
            )
        }
        for name in ["a", "b", "c", "d", "e"] {
            try await fleet.run("claim", "sized", "--owner", "ada", "--name", name, "--wait")
        }
        var pool = try await Self.shown(fleet)
        #expect(pool.state.desired == 2 && pool.size?.scheduled == 2 && pool.size?.override == nil)
        #expect(pool.size?.autoscale?.mode == "advise" && pool.size?.autoscale?.decides == false)
        #expect(pool.size?.autoscale?.text.contains(" = floor 2, season ") == true)
        let counters = pool.counters
        #expect(counters.claims == 5 && counters.hits + counters.misses.values.reduce(0, +) == 5)
        #expect(counters.hits >= 2 && counters.hit_ratio == Double(counters.hits) / 5)
        #expect(counters.bind_seconds.p50 != nil && counters.usable_seconds.p95 != nil)
        #expect(counters.ordered >= 2 && counters.idle_seconds > 0 && counters.ready_seconds != nil)

        // Told to decide, it does: five claims at once are a burst.
        try await fleet.run("pools", "set", "sized/blue", "--mode", "apply", "--max", "4", "--reason", "demo day")
        try await fleet.run("reconcile")
        pool = try await Self.shown(fleet)
        #expect(pool.size?.autoscale?.decides == true)
        #expect(pool.state.desired == pool.size?.autoscale?.target)
        let text = try await fleet.stoker("plan").standardOutput.joined(separator: "\n")
        #expect(text.contains("mode apply, at most 4 set by") && text.contains("(demo day)"), "\(text)")
        #expect(text.contains("autoscale: "), "\(text)")

        try await fleet.run("pools", "set", "sized/blue", "--instances", "5")
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until(
                "five prebuilds",
                "SELECT count(*) FROM workspace_prebuilds WHERE eligible",
                is: 5
            )
        }
        let listed = try await fleet.stoker("pools", "list").standardOutput
        #expect(listed.contains { $0.hasPrefix("sized") && $0.contains("5 (set)") }, "\(listed)")
        try await fleet.run("pools", "reset", "sized/blue")
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until(
                "two prebuilds again",
                "SELECT count(*) FROM workspace_prebuilds WHERE eligible",
                is: 2
            )
        }
        try await DatabaseWatch.on(fleet.database) { watch in
            try await watch.until(
                "the others to be gone",
                "SELECT count(*) FROM workspaces WHERE deleted",
                is: 3
            )
        }
        #expect(try await Self.shown(fleet).counters.wasted_builds == 3)

        // What was decided, when, and why.
        let decisions = try await fleet.json([Decision].self, "decisions", "sized/blue", "--since", "1h")
        #expect(decisions.map(\.at) == decisions.map(\.at).sorted(by: >))
        #expect(decisions.contains { $0.state.desired == 5 && $0.size?.override?.instances == 5 })
        #expect(decisions.contains { $0.actions.contains { $0.type == "create" } })
        #expect(decisions.first?.size?.override == nil)
        let story = try await fleet.stoker("decisions", "sized/blue").standardOutput.joined(separator: "\n")
        #expect(story.contains("size: 5 instances set by ") && story.contains("delete 3 (extraneous)"), "\(story)")
        let none = try await fleet.json([Decision].self, "decisions", "sized/blue", "--since", "2099-01-01T00:00:00Z")
        #expect(none.isEmpty)

        // Its claims, tried with other sizes.
        let simulation = try await fleet.json(
            Simulation.self,
            "pools",
            "simulate",
            "sized/blue",
            "--policy",
            "now",
            "--policy",
            "fixed:9"
        )
        #expect(simulation.policies.map(\.policy) == ["now", "fixed:9"])
        #expect(simulation.policies.allSatisfy { $0.claims == 5 && $0.misses_by_hour_of_week.count == 168 })
        #expect(simulation.policies[1].hits == 5)
        #expect((simulation.least_fixed?.instances ?? 0) <= 5)
        worker.send(.interrupt)
        _ = try await worker.exit()
    }

    /// The files and the numbers of a simulation agree, and the same seed gives the same ones.
    @Test(.timeLimit(.minutes(2))) func `a trace needs no database, and its files can be replayed`() async throws {
        let directory = try await TestArea.shared.makeDirectory("simulate")
        let trace = directory.appending("trace.csv")
        let lines = (0..<48).map { hour in
            "2025-06-\(hour < 24 ? "02" : "03")T\(hour % 24 < 10 ? "0" : "")\(hour % 24):00:00Z,\(hour % 24 == 9 ? 30 : 2)"
        }
        try (["instant,count"] + lines).joined(separator: "\n").write(
            toFile: trace.string,
            atomically: true,
            encoding: .utf8
        )
        let (timeline, arrivals) = (directory.appending("sizes.csv"), directory.appending("claims.csv"))
        func simulate(_ arguments: String...) async throws -> RunningProcess.Outcome {
            try await RunningProcess.outcome(
                of: BuiltProduct.stoker,
                ["pools", "simulate", "--trace", trace.string] + arguments,
                environment: [:],
                within: .seconds(60)
            )
        }
        func read(_ path: FilePath) throws -> [String] {
            try String(contentsOfFile: path.string, encoding: .utf8).split(separator: "\n").map(String.init)
        }
        let options = [
            "--claims-per-hour", "10", "--seed", "3", "--build-time", "2m,4m", "--goal", "0.9", "--warm-up", "1d",
            "--policy",
            "auto", "--timeline", timeline.string, "--arrivals", arrivals.string, "--output", "json",
        ]
        let first = try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            ["pools", "simulate", "--trace", trace.string] + options,
            environment: [:],
            within: .seconds(60)
        )
        #expect(first.status.isSuccess, "\(first.standardError)")
        let report = try JSONDecoder().decode(
            Simulation.self,
            from: Data(first.standardOutput.joined(separator: "\n").utf8)
        )
        let claims = try read(arrivals)
        #expect(claims == claims.sorted())
        #expect(report.policies[0].claims == claims.count { $0 >= "2025-06-03" })
        let sizes = try read(timeline)
        #expect(sizes.first?.hasPrefix("2025-06-02T00:00:00") == true)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0.split(separator: ",")[1] != $1.split(separator: ",")[1] })
        let again = try await RunningProcess.outcome(
            of: BuiltProduct.stoker,
            ["pools", "simulate", "--trace", trace.string] + options,
            environment: [:],
            within: .seconds(60)
        )
        #expect(again.standardOutput == first.standardOutput)
        // As text, with all policies that apply.
        let text = try await simulate().standardOutput
        #expect(text[0].hasPrefix("POLICY") && text.contains { $0.hasPrefix("known-rate") })
        #expect(text.contains { $0.hasPrefix("The least fixed pool for the goal has ") })

        for (arguments, what) in [
            (["--policy", "now"], "needs a pool"), (["--goal", "1"], "--goal takes"),
            (["--warm-up", "9d"], "--warm-up"),
            (["--from", "2025-06-02T00:00:00Z"], "--from and --to"), (["--claims-per-hour", "0"], "--claims-per-hour"),
            (["--build-time", "4m,2m"], "build-time"), (["--policy", "fixed:-1"], "fixed:-1"), (["t/p"], "not both"),
        ] {
            let refused = try await RunningProcess.outcome(
                of: BuiltProduct.stoker,
                ["pools", "simulate", "--trace", trace.string] + arguments,
                environment: [:],
                within: .seconds(60)
            )
            #expect(refused.status == .exited(64), "\(arguments)")
            #expect(
                refused.standardError.joined(separator: "\n").contains(what),
                "\(arguments): \(refused.standardError)"
            )
        }
    }
}
