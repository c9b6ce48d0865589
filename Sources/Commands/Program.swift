// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Glibc
import Provisioning
import Supervision

/// The program, which the executable calls.
package enum Program {
    /// Runs the command that the process was started with, and ends the process with its exit code.
    package static func main() -> Never {
        // This comes first, because the environment may hold secrets from the start.
        ProcessSecrecy.begin()
        let arguments = CommandLine.arguments
        // A guard must be the only thread of its process, so no Swift task may have begun.
        if arguments.dropFirst().first == "guard" { exit(Guard.main(arguments: arguments)) }
        FirstProcess.stepAside()
        Task { exit(await run(Array(arguments.dropFirst()))) }
        dispatchMain()
    }

    /// Runs a command line, and prints errors on standard error.
    ///
    /// - Parameter arguments: Without the program's name.
    /// - Returns: The exit code.
    static func run(_ arguments: [String]) async -> Int32 {
        do {
            if let error = UnknownCommand.error(in: arguments) { throw error }
            var command = try StokerCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitMeaning.success.rawValue
        } catch {
            return end(error)
        }
    }

    private static func end(_ error: any Error) -> Int32 {
        let code = StokerCommand.exitCode(for: error)
        // Help, version, and errors of the parser; every other error comes from a command.
        if code == .success || code == .validationFailure || error is ExitCode || error is CleanExit {
            let text = StokerCommand.fullMessage(for: error)
            if !text.isEmpty { say(text, error: code != .success) }
            return code.rawValue
        }
        let report = ErrorReport(error)
        say(report.text, error: true)
        return report.status.rawValue
    }

    private static func say(_ text: String, error: Bool) {
        // There is no way to report a failure of this write.
        if error { try? Console.note(text) } else { try? Console.print(text) }
    }
}
