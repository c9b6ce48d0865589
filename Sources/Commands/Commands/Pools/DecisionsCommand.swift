// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Operations
import Prebuilds
import Store
import Time

/// `stoker decisions`
struct DecisionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract: "Show what was decided about a pool, when, and why.",
        discussion: "A decision is recorded when it differs from the one before. All versions of the template count."
    )

    @Argument(help: "The pool, as template/preset.")
    var pool: String

    @Option(
        help: "The beginning: a time such as 2025-06-02T03:00:00Z, or how long ago, such as 2h. Default: a day ago."
    )
    var since: SinceArgument?

    @Option(help: "How many at most.")
    var limit = 1_000

    @OptionGroup var control: ReportOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
    }

    func run() async throws {
        let since = since ?? .ago(seconds: 86_400)
        let operation = ListDecisions(target: pool, since: since.instant, last: since.seconds)
        let decisions = try await control.control.withControl { try await $0.list(operation, limit: limit) }
        try control.output.print(decisions, table: \.decisions)
    }
}

/// A moment, or a time before now.
enum SinceArgument: ExpressibleByArgument {
    case moment(Instant)
    case ago(seconds: Int)

    init?(argument: String) {
        if let instant = Instant(iso8601: argument) {
            self = .moment(instant)
        } else if let seconds = DurationNotation.seconds(argument), seconds > 0 {
            self = .ago(seconds: seconds)
        } else {
            return nil
        }
    }

    var instant: Instant? { if case .moment(let instant) = self { instant } else { nil } }
    var seconds: Int? { if case .ago(let seconds) = self { seconds } else { nil } }
}

extension [PoolDecision] {
    /// For people: each decision with its reasons, the newest first.
    fileprivate var decisions: String {
        isEmpty ? "Nothing was decided in that time." : map(\.text).joined(separator: "\n")
    }
}

extension PoolDecision {
    /// What was decided, and below it why.
    var text: String {
        let by = workerName.isEmpty ? "" : " (\(workerName))"
        let head = "\(Shown.time(at))  version \(versionName.isEmpty ? "-" : versionName)\(by): \(summary)"
        return ([head] + reasons.map { "    \($0)" }).map(Printable.line).joined(separator: "\n")
    }

    private var summary: String {
        let actions = actions.map { action in
            "\(action.type) \(action.count ?? action.workspaceIDs?.count ?? 0)"
                + (action.reason.map { " (\($0.rawValue))" } ?? "")
        }
        return actions.isEmpty ? "nothing to do" : actions.joined(separator: ", ")
    }

    private var reasons: [String] {
        let counts =
            "\(state.desired) desired, \(state.eligible) eligible of \(state.actual) running, \(state.starting) starting, "
            + "\(state.expired) expired, \(state.deleting) deleting"
        let size = size?.sentences ?? ["size: \(state.desired), by schedule or instances"]
        return [counts] + size
            + withheld.map { "\($0.change.rawValue) \($0.count) withheld: \($0.reason.rawValue): \($0.message)" }
    }
}
