// SPDX-License-Identifier: Apache-2.0

import Subprocess
package import SystemPackage

extension Tool {
    /// Runs a program beside the body, and ends it afterwards: with SIGTERM, and with SIGKILL when that takes too long.
    ///
    /// - Parameters:
    ///   - environment: Variables beside those that every program gets.
    ///   - log: The file that its output is appended to.
    ///   - patience: How long it may take to end.
    ///   - body: Called with the process's id.
    /// - Throws: ``LocalPostgresError`` when it cannot be started, and what the body throws.
    package static func beside<Result: Sendable>(
        _ program: FilePath,
        _ arguments: [String],
        environment: [String: String],
        log: FilePath,
        patience: Duration,
        _ body: (Int32) async throws -> Result
    ) async throws -> Result {
        let output = try FileDescriptor.open(
            log,
            .writeOnly,
            options: [.create, .append, .closeOnExec],
            permissions: .ownerReadWrite
        )
        let end = [TeardownStep.gracefulShutDown(allowedDurationToNextStep: patience)]
        var configuration = configuration(.path(program), arguments, in: "/", environment: environment)
        // When the body throws, or the task is canceled.
        configuration.platformOptions.teardownSequence = end
        do {
            let outcome = try await Subprocess.run(
                configuration,
                input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                error: .combinedWithOutput
            ) { execution in
                let result = try await body(execution.processIdentifier.value)
                await execution.teardown(using: end)
                return result
            }
            return outcome.closureResult
        } catch let error as SubprocessError {
            throw LocalPostgresError(
                .toolFailed,
                "\(program) could not be run: \(error)",
                remedy: "Check that the file exists and may be executed."
            )
        }
    }
}
