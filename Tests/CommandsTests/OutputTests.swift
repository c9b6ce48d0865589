// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Operations
import Prebuilds
import Testing
import Time

@testable import Commands
@testable import Store

@Suite struct OutputTests {
    private static let preset = PresetID(high: 1, low: 1)
    private static let workspace = WorkspaceID(high: 2, low: 2)
    private static let now = Instant(seconds: 1_748_833_200)

    private static func pool(_ name: String = "us-nix") -> Pool {
        Pool(
            presetID: preset,
            presetName: name,
            templateVersionID: .init(high: 3, low: 3),
            templateName: "go-dev",
            organizationID: .init(high: 5, low: 5),
            organizationName: "default"
        )
    }

    private static let plan = Plan(
        now: now,
        presets: [
            PresetPlan(
                pool: pool(),
                isActive: true,
                state: PoolState(actual: 1, desired: 3, eligible: 1),
                actions: [.create(1)],
                withheld: [
                    Withheld(
                        .create,
                        count: 1,
                        reason: .backoff,
                        until: now + .seconds(60),
                        failures: 2,
                        message: "Wait."
                    )
                ]
            )
        ]
    )

    private static func object(_ value: some Encodable) throws -> [String: JSONProbe] {
        try JSONDecoder().decode([String: JSONProbe].self, from: Data(JSONText.pretty(value).utf8))
    }

    @Test func `a table is aligned, and nothing in it breaks its lines`() {
        let table = Table(
            [("a", "first"), ("longer", "two\nlines\u{1b}[2J"), ("", "x")],
            empty: "nothing",
            [.init("name") { $0.0 }, .init("text") { $0.1 }]
        )
        #expect(
            table.text == """
                NAME    TEXT
                a       first
                longer  two lines\\u001b[2J
                -       x
                """
        )
        #expect(Table([] as [String], empty: "nothing", [.init("name") { $0 }]).text == "nothing")
    }

    @Test func `a plan names pools, actions and reasons`() {
        #expect(
            PlanTable(plan: PlanReport(Self.plan)).text == """
                TEMPLATE  PRESET  STATUS   DESIRED  ELIGIBLE  ACTUAL  STARTING  DELETING
                go-dev    us-nix  filling  3        1         1       0         0

                  go-dev/us-nix: create 1
                  go-dev/us-nix: create 1 withheld until \(Shown.time(Self.now + .seconds(60))): backoff: Wait.
                """
        )
    }

    @Test func `a pause comes first`() {
        var plan = Self.plan
        plan.presets = []
        plan.pause = FleetPause(kind: .maintenance, until: Self.now, reason: "lunch", orderedBy: "alice")
        #expect(
            PlanTable(plan: PlanReport(plan)).text.hasPrefix(
                "The fleet is in maintenance until \(Shown.time(Self.now)), by alice: lunch\n\n"
            )
        )
    }

    @Test func `the JSON of a pass is the plan's, the lock, and what was applied`() throws {
        var applied = AppliedPlan()
        applied.created = [Self.preset: 1]
        applied.deleted = [Self.workspace]
        let acquired = try Self.object(ReconcileReport(plan: PlanReport(Self.plan), applied: applied))
        #expect(Set(acquired.keys) == ["now", "paused", "presets", "lock", "applied"])
        #expect(acquired["lock"] == .string("acquired"))
        #expect(
            acquired["applied"]
                == .object([
                    "created": .object(["\(Self.preset)": .number(1)]),
                    "deleted": .array([.string("\(Self.workspace)")]),
                    "failures": .object([:]),
                    "status_changes": .array([]),
                ])
        )
        let held = try Self.object(ReconcileReport(heldElsewhereAt: Self.now))
        #expect(
            held == [
                "now": .string("2025-06-02T03:00:00Z"), "paused": .bool(false), "presets": .array([]),
                "lock": .string("held_elsewhere"),
            ]
        )
    }

    @Test func `the JSON of a claim tells the outcome, and how the build ended when it was waited for`() throws {
        var result = ClaimResult(
            claimID: .init(high: 6, low: 6),
            outcome: .hit,
            reason: "",
            workspaceID: Self.workspace,
            workspaceName: "dev",
            templateName: "go-dev",
            presetName: "us-nix",
            ownerName: "alice",
            buildID: .init(high: 7, low: 7),
            buildNumber: 2,
            jobID: .init(high: 8, low: 8),
            isRepeat: false
        )
        let plain = try Self.object(ClaimReport(result: result, build: nil))
        #expect(plain["outcome"] == .string("hit"))
        #expect(plain["workspace_id"] == .string("\(Self.workspace)"))
        #expect(plain["build_status"] == nil)
        let failed = Self.job(status: "failed", error: "no disk")
        let waited = try Self.object(ClaimReport(result: result, build: failed))
        #expect(waited["build_status"] == .string("failed"))
        #expect(waited["build_error"] == .string("no disk"))
        (result.outcome, result.reason) = (.error, "It would replace the disk.")
        let refused = ClaimReport(result: result, build: failed).text
        #expect(
            refused.hasPrefix("dev (go-dev/us-nix) of alice was not handed over (It would replace the disk).\n"),
            "\(refused)"
        )
    }

    @Test func `a job that did not succeed is an error with its own words`() throws {
        try Self.job(status: "succeeded").requireSuccess()
        let error = #expect(throws: CommandError.self) {
            try Self.job(status: "failed", error: "no disk").requireSuccess()
        }
        #expect(error?.description == "the build failed: no disk. See 'stoker jobs logs \(JobID(high: 8, low: 8))'.")
        #expect(throws: CommandError.self) { try Self.job(status: "canceled").requireSuccess() }
    }

    private static func job(status: String, error: String = "") -> JobSummary {
        JobSummary(
            id: .init(high: 8, low: 8),
            type: OpenEnum(.workspaceBuild),
            status: OpenEnum(text: status),
            jobClass: OpenEnum(.interactive),
            provisioner: OpenEnum(.echo),
            templateName: "go-dev",
            presetName: "us-nix",
            workspaceName: "dev",
            transition: OpenEnum(.start),
            workerName: "w",
            tags: .usual,
            attempt: 1,
            error: error,
            errorCode: "",
            createdAt: now
        )
    }

    @Test func `a log line names its level only when it needs attention`() {
        func line(_ level: String, _ stage: String) -> StoredLogLine {
            StoredLogLine(
                id: 1,
                attempt: 1,
                at: Self.now,
                source: OpenEnum(.provisioner),
                level: OpenEnum(text: level),
                stage: stage,
                output: "out"
            )
        }
        #expect(LogPrinter.text(line("info", "apply")) == "[apply] out")
        #expect(LogPrinter.text(line("error", "apply")) == "[apply] error: out")
        #expect(LogPrinter.text(line("warn", "")) == "warn: out")
    }

    @Test func `a schedule's report has the members that programs rely on`() throws {
        let report = ScheduleReport(
            at: Self.now,
            covers: true,
            until: nil,
            next: [ScheduleWindow(start: Self.now, end: Self.now + .seconds(60))]
        )
        let object = try Self.object(report)
        #expect(object["covers"] == .bool(true))
        #expect(
            object["next"]
                == .array([.object(["start": .string("2025-06-02T03:00:00Z"), "end": .string("2025-06-02T03:01:00Z")])])
        )
    }

    @Test func `ages are short`() {
        #expect([0, 119, 120, 7_199, 7_200, 172_800].map(Shown.age) == ["0s", "119s", "2m", "119m", "2h", "2d"])
    }
}

/// Any JSON, to compare what was printed as a whole.
enum JSONProbe: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONProbe])
    case object([String: JSONProbe])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONProbe].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONProbe].self))
        }
    }
}
