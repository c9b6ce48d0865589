// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Operations
import Store
import Time

/// One job: why it waits or failed, its stages, its attempts, and its log as it grows.
struct JobPage: ConsolePage, LoggedPage {
    static let path = "/jobs/{job}"
    static let area = ConsoleArea.jobs

    /// The lines of a page without scripts; the rest comes as it is followed, and in the file.
    private static let mostLines = 2_000

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let id = try Self.job(visit)
        let report = try await visit.ask(ShowJob(job: id))
        let job = report.job
        let lines = try await visit.ask(ReadLog(job: id, limit: 1_000))
        let main: Markup = """
            <header class="head"><h1>\(job.title)</h1>\(.pill(job.status.text, JobTone.of(job.status)))\
            <div class="actions">\(Self.actions(job, visit))</div></header>\
            \(Self.reasons(report, visit))\(Self.stages(job, lines.elements, visit))\(Self.facts(job, visit))\
            <section><h2>Log</h2>\(Self.bar(id))\(PageContent.logPlace)</section>
            """
        return PageContent(title: "\(job.title): \(job.status)", main: main)
    }

    func lines(_ visit: ConsoleVisit, after line: Int64) async throws -> [StoredLogLine] {
        try await visit.ask(ReadLog(job: try Self.job(visit), limit: Self.mostLines / 2, cursor: "\(line)")).elements
    }

    static func job(_ visit: ConsoleVisit) throws -> JobID {
        guard let id = JobID(try visit.name("job")) else { throw Problem(.notFound, "There is no such job.") }
        return id
    }

    private static func actions(_ job: JobSummary, _ visit: ConsoleVisit) -> Markup {
        let fixed = [(name: "job", value: "\(job.id)")]
        guard job.hasEnded else {
            return visit.form(
                CancelJob.self,
                "Cancel",
                fixed,
                question: "The job is canceled. What it has built so far stays in its state.",
                done: "The job is canceled.",
                isDangerous: true
            )
        }
        guard job.status != .succeeded else { return .none }
        return visit.form(RetryJob.self, "Retry", fixed, done: "The job is in the queue again.")
    }

    private static func reasons(_ report: JobReport, _ visit: ConsoleVisit) -> Markup {
        let waits = report.job.status == .pending ? report.waits : []
        let why: Markup =
            waits.isEmpty
            ? ""
            : """
            <div class="notice"><p><strong>It waits because</strong></p><ul>\(waits.map { wait in
                let until: Markup = wait.until.map { " (\(visit.moment($0)))" } ?? ""
                return "<li>\(wait.message)\(until)</li>"
            })</ul></div>
            """
        guard !report.job.error.isEmpty else { return why }
        let code: Markup = report.job.errorCode.isEmpty ? "" : "\(report.job.errorCode): "
        return
            "\(why)<div class=\"error\" tabindex=\"0\" role=\"region\" aria-label=\"Error\">\(code)\(report.job.error)</div>"
    }

    private static func facts(_ job: JobSummary, _ visit: ConsoleVisit) -> Markup {
        let name = job.workspaceName
        let workspace: Markup = name.isEmpty ? "–" : .link(name, ConsoleAddress.of("workspaces", name))
        return .facts([
            ("Class", Markup(job.jobClass.text)), ("Template", Markup(job.templateName)), ("Workspace", workspace),
            ("Worker", job.workerName.isEmpty ? "–" : Markup(job.workerName)),
            ("Provisioner", Markup(job.provisioner.text)),
            ("Tags", Markup(job.tags.text)), ("Attempt", "\(job.attempt)"), ("Created", visit.moment(job.createdAt)),
            ("Started", visit.moment(job.startedAt)), ("Took", visit.span(job.startedAt, job.completedAt)),
            ("Id", .identifier("\(job.id)")),
        ])
    }

    /// The way through the queue and the stages of the newest attempt, with the time of each.
    private static func stages(_ job: JobSummary, _ lines: [StoredLogLine], _ visit: ConsoleVisit) -> Markup {
        let attempt = lines.last?.attempt
        var begun: [(stage: String, at: StoredLogLine)] = []
        for line in lines where line.attempt == attempt && !line.stage.isEmpty && begun.last?.stage != line.stage {
            begun.append((line.stage, line))
        }
        let isQueued = job.startedAt == nil && !job.hasEnded
        let queued: Markup = """
            <li class="\(isQueued ? "on" : "done")">queued \
            \(.span(from: job.createdAt, to: job.startedAt ?? job.completedAt, now: visit.now))</li>
            """
        let steps = begun.enumerated().map { index, step -> Markup in
            let isLast = index == begun.count - 1
            let end = isLast ? job.completedAt : begun[index + 1].at.at
            let look = !isLast || job.status == .succeeded ? "done" : job.hasEnded ? "off" : "on"
            return "<li class=\"\(look)\">\(step.stage) \(.span(from: step.at.at, to: end, now: visit.now))</li>"
        }
        return "<ol class=\"stages\" aria-label=\"Stages\">\(queued)\(steps)</ol>"
    }

    private static func bar(_ id: JobID) -> Markup {
        let job = "\(id)"
        return """
            <div class="logbar"><label><span class="soft">Search in the log</span> <input type="search" data-log-search \
            data-search></label><label class="check"><input type="checkbox" data-log-errors>only warnings and errors\
            </label><span class="soft" data-log-found role="status"></span>\
            <a class="button" href="/jobs/\(job)/log" download="\(job).log">Download</a></div>
            """
    }
}

/// A page that ends with a log, whose lines are sent one after the other.
protocol LoggedPage: ConsolePage {
    /// The lines after the one given, a part of them; none: there are no more for now.
    func lines(_ visit: ConsoleVisit, after line: Int64) async throws -> [StoredLogLine]
}

extension StoredLogLine {
    /// The line in the list of lines.
    var drawn: Markup {
        let look: Markup =
            switch level.known {
            case .error?: " class=\"error-line\""
            case .warn?: " class=\"warn-line\""
            case .trace?, .debug?, .info?, nil: ""
            }
        return """
            <li id="l\(Int(id))"\(look)><a class="at" href="#l\(Int(id))" title="\(Markup.exact(at)), \(stage)">\
            \(String(at.iso8601.dropFirst(11).prefix(8)))</a><span class="text">\(TerminalText.markup(output))</span></li>
            """
    }
}
