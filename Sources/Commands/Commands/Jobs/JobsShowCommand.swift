// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store

extension JobsCommand {
    /// `stoker jobs show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job, and why it waits if it does.")

        @Argument(help: "The job's id, or its first digits.")
        var job: ShortID<Kind.Job>

        @OptionGroup var control: ReportOptions

        func run() async throws {
            let report = try await control.control.withControl { try await $0.perform(ShowJob(job: $0.job(job))) }
            try control.output.print(report, table: \.text)
        }
    }
}

extension JobReport {
    var text: String {
        // Indented, so that none of its lines looks like one of this command.
        let error = job.error.split(separator: "\n").map { "  " + Printable.line(String($0)) }.joined(separator: "\n")
        let reasons = waits.map { reason in
            // The message of a job that is not due contains the time.
            let until = reason.reason == .notDue ? nil : reason.until
            return "It waits: \(reason.message)" + (until.map { ", until \(Shown.time($0))" } ?? "") + "."
        }
        return ([[job].text, "Its tags: \(Printable.line(job.tags.text)).", error] + [reasons.joined(separator: "\n")])
            .filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }
}
