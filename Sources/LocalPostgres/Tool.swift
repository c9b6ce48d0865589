// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
package import SystemPackage

/// A program, such as those of Postgres, run to its end.
package struct Tool {
    /// The result of a program that has ended.
    package struct Answer: Sendable {
        let status: TerminationStatus
        /// Standard output and standard error, in the order written, without blank space at the ends.
        package let output: String

        /// Whether it exited with 0.
        package var succeeded: Bool { status.isSuccess }
    }

    /// The PATH that programs are looked up in.
    static var searchPath: String {
        ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// Runs a program and waits for its end.
    ///
    /// The program gets a session of its own, so that Ctrl-C in a terminal does not interrupt it, and an environment
    /// without the caller's libpq variables, which would lead it to another server.
    ///
    /// - Parameters:
    ///   - account: The user to run it as; nil for this process's.
    ///   - directory: Its working directory.
    ///   - environment: Variables beside those that every program gets.
    ///   - input: What it reads.
    ///   - limit: When to kill it.
    /// - Throws: ``LocalPostgresError`` when it cannot be started or outlives its limit; a failing exit status is an answer.
    package static func run(
        _ program: FilePath,
        _ arguments: [String],
        as account: ServerAccount? = nil,
        in directory: FilePath = "/",
        environment: [String: String] = [:],
        input: String = "",
        within limit: Duration
    ) async throws -> Answer {
        var executable = Executable.path(program)
        var arguments = arguments
        if let account, account.differsFromThisProcess {
            // The spawned child cannot do it itself: glibc's setgroups waits for ever in a fork of a process that was
            // just starting a thread.
            executable = .name("setpriv")
            arguments =
                [
                    "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--", program.string,
                ] + arguments
        }
        let configuration = configuration(executable, arguments, in: directory, environment: environment)
        let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await collect(configuration, program: program, input: input) }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let answer else {
            throw LocalPostgresError(
                .deadlineExceeded,
                "\(program) did not end within \(limit)",
                remedy: "Look for a slow or full disk, then try again."
            )
        }
        return answer
    }

    /// A program in a session of its own, whose children are killed with it.
    static func configuration(
        _ executable: Executable,
        _ arguments: [String],
        in directory: FilePath,
        environment: [String: String]
    ) -> Configuration {
        var options = PlatformOptions()
        options.createSession = true
        // initdb has children of its own.
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        let variables = ["PATH": searchPath, "LC_ALL": "C"].merging(environment) { $1 }
        return Configuration(
            executable: executable,
            arguments: Arguments(arguments),
            environment: .custom(
                Dictionary(variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }) { $1 }
            ),
            workingDirectory: directory,
            platformOptions: options
        )
    }

    private static func collect(
        _ configuration: Configuration,
        program: FilePath,
        input: String
    ) async throws -> Answer {
        do {
            let result = try await Subprocess.run(
                configuration,
                input: .string(input),
                output: .string(limit: 1 << 20),
                error: .combinedWithOutput
            )
            return Answer(status: result.terminationStatus, output: trimmed(result.standardOutput))
        } catch let error as SubprocessError {
            throw LocalPostgresError(
                .toolFailed,
                "\(program) could not be run: \(error)",
                remedy: "Check that the file exists and may be executed."
            )
        }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.last?.isWhitespace ?? false { text.removeLast() }
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        return String(text)
    }
}
