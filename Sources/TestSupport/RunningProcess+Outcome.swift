// SPDX-License-Identifier: Apache-2.0

package import Subprocess
package import SystemPackage

extension RunningProcess {
    /// The result of a program that ran to its end.
    package struct Outcome: Hashable, Sendable {
        package let status: TerminationStatus
        package let standardOutput: [String]
        package let standardError: [String]

        package init(status: TerminationStatus, standardOutput: [String] = [], standardError: [String] = []) {
            self.status = status
            self.standardOutput = standardOutput
            self.standardError = standardError
        }
    }

    /// Runs a program to its end.
    ///
    /// - Throws: ``TimedOut`` when it still runs after `limit`; it is killed then.
    package static func outcome(
        of executable: FilePath,
        _ arguments: [String] = [],
        environment: [String: String?] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        let process = try await start(executable, arguments, environment: environment)
        let status = try await process.exit(within: limit)
        return Outcome(
            status: status,
            standardOutput: process.text(of: .standardOutput),
            standardError: process.text(of: .standardError)
        )
    }
}
