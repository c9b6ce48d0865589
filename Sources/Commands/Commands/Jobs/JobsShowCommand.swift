// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store

extension JobsCommand {
    /// `stoker jobs show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job; of one that waits, also why.")

        @Argument(help: "The job's id.")
        var job: JobID

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await global.withStore { store, _, _ in
                JobReport(job: try await store.job(job), waits: try await store.pendingReasons(of: job))
            }
            try output.print(report) { $0.text }
        }
    }
}

/// A job, and why it waits if it does.
struct JobReport: Encodable {
    let job: JobSummary
    let waits: [PendingReason]

    var text: String {
        let reasons = waits.map { "It waits: \($0.message)" + ($0.until.map { ", until \($0)" } ?? "") + "." }
        return ([[job].table.text, job.error] + [reasons.joined(separator: "\n")]).filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }

    /// The job's members, and beside them `waits_for`.
    func encode(to encoder: any Encoder) throws {
        try job.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(waits, forKey: .waits)
    }

    private enum CodingKeys: String, CodingKey {
        case waits = "waits_for"
    }
}
