// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// Jobs, the newest first, in pages by cursor.
struct JobsPage: ConsolePage {
    static let path = "/jobs"
    static let area = ConsoleArea.jobs

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let (page, notice) = try await visit.list(
            ListJobs(filter: Self.filter(visit), limit: 100, cursor: visit.address["cursor"])
        )
        var list = ConsoleList(title: "Jobs", table: .none)
        list.choices = [
            ConsoleList.Choice(
                name: "status",
                label: "Status",
                options: [("", "any")] + JobStatus.allCases.map { ($0.rawValue, $0.rawValue) }
            ),
            ConsoleList.Choice(
                name: "class",
                label: "Class",
                options: [("", "any")] + JobClass.allCases.map { ($0.rawValue, $0.rawValue) }
            ),
            .times,
        ]
        list.texts = Self.texts
        list.above = notice
        list.table = Self.table(page.elements, visit, isFiltered: Self.filter(visit) != JobFilter())
        list.bulk =
            visit.may(CancelJob.self)
            ? [
                visit.chosenForm,
                visit.chosen(
                    CancelJob.self,
                    "Cancel",
                    question: "The chosen jobs are canceled. What they have built so far stays in their state.",
                    done: "The jobs are canceled.",
                    isDangerous: true
                ),
                visit.chosen(RetryJob.self, "Retry", done: "The jobs are in the queue again."),
            ] : []
        list.follow(page.next, at: visit.address)
        return list.drawn(at: visit.address)
    }

    private static let texts = [
        (name: "template", label: "Template"), (name: "preset", label: "Preset"),
        (name: "workspace", label: "Workspace"),
        (name: "worker", label: "Worker"), (name: "error_code", label: "Error code"),
    ]

    private static func filter(_ visit: ConsoleVisit) -> JobFilter {
        let address = visit.address
        return JobFilter(
            status: address["status"].flatMap { JobStatus(rawValue: $0) },
            jobClass: address["class"].flatMap { JobClass(rawValue: $0) },
            template: address["template"],
            preset: address["preset"],
            worker: address["worker"],
            workspace: address["workspace"],
            errorCode: address["error_code"],
            since: address.since(visit.now)
        )
    }

    static func table(_ jobs: [JobSummary], _ visit: ConsoleVisit, isFiltered: Bool) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "Status", kind: "state"), .init(title: "Job", kind: "name"), .init(title: "Class"),
                .init(title: "Worker"), .init(title: "Attempt", kind: "number"),
                .init(title: "Created", kind: "number"), .init(title: "Took", kind: "number"),
                .init(title: "Error", kind: "why"),
            ],
            empty: isFiltered ? "No job fits the filter." : "There are no jobs. A claim or a push makes one.",
            chooses: visit.may(CancelJob.self) ? "job" : ""
        )
        table.rows = jobs.map { job in
            let error = job.error.split(whereSeparator: \.isNewline).first.map { String($0.prefix(200)) } ?? ""
            let code: Markup = job.errorCode.isEmpty ? "" : "<code>\(job.errorCode)</code> "
            return ConsoleTable.Row(
                id: "job-\(job.id)",
                cells: [
                    .pill(job.status.text, JobTone.of(job.status)),
                    .link(job.title, ConsoleAddress.of("jobs", "\(job.id)")), Markup(job.jobClass.text),
                    Markup(job.workerName), "\(job.attempt)", visit.moment(job.createdAt),
                    visit.span(job.startedAt, job.completedAt), "\(code)\(error)",
                ],
                choice: "\(job.id)"
            )
        }
        return table.drawn()
    }
}

extension JobSummary {
    /// What it does to what.
    var title: String {
        type == .templateVersionImport
            ? "import of \(templateName)" : "\(transition) of \(workspaceName.isEmpty ? "a workspace" : workspaceName)"
    }
}
