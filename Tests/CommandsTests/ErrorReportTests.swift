// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlClient
import LocalPostgres
import Store
import Templates
import Testing

@testable import Commands

@Suite struct ErrorReportTests {
    private static let errors: [(any Error, ExitMeaning, String)] = [
        (StoreError(.notFound, "There is no user 'x'"), .refused, "error: There is no user 'x'"),
        (StoreError(.nameTaken, "Taken", remedy: "Choose another."), .refused, "error: Taken. Choose another."),
        (StoreError(.invalid, "Odd"), .refused, "error: Odd"),
        (StoreError(.conflict, "Busy"), .refused, "error: Busy"),
        (StoreError(.schema, "Old", remedy: "Run 'stoker migrate'."), .failure, "error: Old. Run 'stoker migrate'."),
        (SettingsError(["a", "b"]), .configuration, "error: a\nerror: b"),
        (CommandError("It broke", remedy: "Mend it."), .failure, "error: It broke. Mend it."),
        (
            TemplateErrors([TemplateError(file: "stoker.yaml", line: 3, field: "name", "expected a name")]), .refused,
            "error: stoker.yaml:3: name: expected a name"
        ),
        (EndpointURLError.scheme, .refused, "error: \(EndpointURLError.scheme)"),
        (
            LocalPostgresError(.serverNotFound, "no server", remedy: "Install one."), .failure,
            "error: no server. Install one."
        ),
        (CancellationError(), .failure, "error: interrupted"),
    ]

    @Test(arguments: errors.indices)
    func `an error has its words and its exit code`(index: Int) {
        let (error, status, text) = Self.errors[index]
        let report = ErrorReport(error)
        #expect(report.status == status)
        #expect(report.text == text)
    }

    @Test func `exit codes are those that the help tells`() {
        let codes = [ExitMeaning.success, .failure, .refused, .usage, .configuration].map(\.rawValue)
        #expect(codes == [0, 1, 2, 64, 78])
        let help = StokerCommand.helpMessage(columns: 500)
        #expect(help.contains("0 done; 1 it failed; 2 it was refused"))
        #expect(help.contains("64 the command line makes no sense; 78 the configuration makes no sense"))
    }
}
