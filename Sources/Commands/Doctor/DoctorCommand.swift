// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check configuration, database, clock, Terraform, disk and endpoints, with a remedy for each.",
        discussion: "Exits with 1 when something does not work."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = try await DoctorChecks(global.settings()).findings()
        try output.print(findings, table: \.text)
        let failed = findings.filter { $0.state == .failed }.count
        guard failed == 0 else { throw CommandError("\(failed) of \(findings.count) checks failed") }
    }
}

/// The result of one check.
struct Finding: Hashable, Encodable {
    enum State: String, Encodable {
        case ok, warning, failed
    }

    let check: String
    let state: State
    let message: String
    /// The remedy; empty when none is needed.
    let remedy: String

    init(_ check: String, _ state: State, _ message: String, remedy: String = "") {
        self.check = check
        self.state = state
        self.message = message
        self.remedy = remedy
    }
}

extension Finding: TableRow {
    static let whenNone = ""

    static var columns: [Table.Column<Self>] {
        [
            .init("check") { $0.check },
            .init("state") { $0.state.rawValue },
            .init("finding") { $0.remedy.isEmpty ? $0.message : "\($0.message). \($0.remedy)" },
        ]
    }
}
