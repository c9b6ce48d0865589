// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// The workers that are up, and apart from them those that are lost or drained.
struct WorkersPage: ConsolePage {
    static let path = "/workers"
    static let area = ConsoleArea.workers

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let workers = try await visit.ask(ListWorkers())
        let up = workers.filter { $0.state == .active || $0.state == .draining }
        let gone = workers.filter { $0.state != .active && $0.state != .draining }
        let slots = up.reduce(0) { $0 + $1.capacity }
        var list = ConsoleList(title: "Workers", table: .none)
        list.summary = "\(up.count) up, \(up.reduce(0) { $0 + $1.running }) of \(slots) slots in use"
        list.table = Self.table(
            up,
            visit,
            "No worker is up, and nothing is built. Start one: <code>stoker worker</code>"
        )
        if !gone.isEmpty {
            list.below =
                "<section><h2>Lost and drained within the last hour</h2>\(Self.table(gone, visit, .none, label: "Gone"))</section>"
        }
        return list.drawn(at: visit.address)
    }

    private static func table(_ workers: [WorkerSummary], _ visit: ConsoleVisit, _ empty: Markup, label: String = "")
        -> Markup
    {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Worker", kind: "name"),
                .init(title: "Jobs", kind: "number"), .init(title: "Lease", kind: "number"), .init(title: "Tags"),
                .init(title: "Version"), .init(title: "Id", kind: "number"), .init(title: "Why", kind: "why"),
                .init(title: "", kind: "does"),
            ],
            empty: empty,
            label: label
        )
        table.rows = workers.map { worker in
            // A lease counts down: only whether it ends soon is news.
            let lease = worker.leaseRemainingSeconds
            let left: Markup = lease <= 0 ? "ended" : lease < 10 ? "ends soon" : "held"
            let idle: Markup = worker.isAskedFor || worker.state != .active ? "" : "No template asks for its tags."
            return ConsoleTable.Row(
                id: "worker-\(worker.id)",
                cells: [
                    .pill(worker.state.text, tone(worker.state)), Markup(worker.name),
                    "\(worker.running) of \(worker.capacity)\(.meter(worker.running, of: worker.capacity, tone: .busy))",
                    left, Markup(worker.tags.text), Markup(worker.version), .identifier("\(worker.id)"),
                    "\(worker.stateReason)\(idle)", action(worker, visit),
                ]
            )
        }
        return table.drawn()
    }

    private static func tone(_ state: OpenEnum<WorkerState>) -> Tone {
        switch state.known {
        case .active?: .good
        case .draining?: .busy
        case .lost?: .bad
        case .drained?, nil: .calm
        }
    }

    private static func action(_ worker: WorkerSummary, _ visit: ConsoleVisit) -> Markup {
        let name = [(name: "worker", value: "\(worker.id)")]
        switch worker.state.known {
        case .active?:
            return visit.form(
                DrainWorkers.self,
                "Drain",
                name,
                inputs: [
                    .init(name: "deadline", label: "Seconds for its jobs", kind: .number, hint: "Empty: as configured.")
                ],
                question: "It begins no job any more. What is not done by the deadline, other workers take over.",
                done: "The worker drains."
            )
        case .draining?, .drained?:
            return visit.form(ResumeWorkers.self, "Resume", name, done: "The worker takes jobs again.")
        case .lost?, nil: return .none
        }
    }
}
