// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Subprocess
package import SystemPackage

/// A program that a test has started: its lines, its end, and signals to it.
///
/// It leads a process group of its own. The whole group is killed when the value is released, when ``end()`` is called,
/// and when the test process dies.
package final class RunningProcess: Sendable {
    /// Where a line came from.
    package enum Source: Hashable, Sendable {
        case standardOutput
        case standardError
    }

    /// A line, without its line break.
    package struct Line: Hashable, Sendable {
        package let source: Source
        package let text: String

        package init(source: Source, text: String) {
            self.source = source
            self.text = text
        }
    }

    struct Record: Sendable {
        var lines: [Line] = []
        var openSources: Set<Source> = [.standardOutput, .standardError]
        var status: TerminationStatus?
        var failure: String?
        var pid: Int32?
    }

    /// The process's id, and its group's.
    package let pid: Int32
    private let name: String
    private let record: WatchedState<Record>

    private init(pid: Int32, name: String, record: WatchedState<Record>) {
        precondition(pid > 1, "\(pid) is no process group of ours")
        self.pid = pid
        self.name = name
        self.record = record
    }

    deinit {
        guard record.current.status == nil else { return }
        kill(-pid, SIGKILL)
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - environment: Changes to this process's environment; nil removes a variable.
    ///   - userID: The user and group to run it as, when this process is root; nil for this process's own.
    /// - Throws: `SubprocessError` when it cannot be started.
    package static func start(
        _ executable: FilePath,
        _ arguments: [String] = [],
        environment: [String: String?] = [:],
        workingDirectory: FilePath? = nil,
        userID: UInt32? = nil
    ) async throws -> RunningProcess {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.userID = userID
        options.groupID = userID
        options.supplementaryGroups = userID == nil ? nil : []
        var updates: [Environment.Key: String?] = [:]
        for (name, value) in environment { updates[Environment.Key(stringLiteral: name)] = value }
        let configuration = Configuration(
            executable: .path(executable),
            arguments: Arguments(arguments),
            environment: .inherit.updating(updates),
            workingDirectory: workingDirectory,
            platformOptions: options
        )
        let name = executable.lastComponent?.string ?? executable.string
        let record = WatchedState(Record())
        // Detached: it outlives the task that starts it and shares none of its task-local values.
        Task.detached { await run(configuration, record) }
        let outcome = try await record.first("\(name) to start", within: .seconds(30)) { record in
            record.pid.map { Result<Int32, StartFailure>.success($0) }
                ?? record.failure.map { .failure(StartFailure(description: "\(name) did not start: \($0)")) }
        }
        let pid = try outcome.get()
        try await TestArea.shared.watch(group: pid)
        return RunningProcess(pid: pid, name: name, record: record)
    }

    /// All lines so far, of both sources, in the order they were read.
    package var lines: [Line] { record.current.lines }

    /// The text of all lines so far of one source.
    package func text(of source: Source) -> [String] {
        lines.filter { $0.source == source }.map(\.text)
    }

    /// The lines as they come, the earlier ones first, until the program has ended.
    package var output: AsyncThrowingStream<Line, any Error> {
        let record = record
        let position = WatchedState(0)
        return AsyncThrowingStream {
            let next = position.update { position in
                position += 1
                return position - 1
            }
            return try await record.first("line \(next)", within: .seconds(3600)) { record -> Line?? in
                if next < record.lines.count { return record.lines[next] }
                return record.status == nil ? nil : .some(nil)
            }
        }
    }

    /// Waits for a line that satisfies the condition, among those already read too.
    ///
    /// - Throws: ``TimedOut``, or an error with the last lines when the program ends without it.
    @discardableResult
    package func line(
        _ expectation: String,
        within limit: Duration = .seconds(30),
        where condition: @escaping @Sendable (Line) -> Bool
    ) async throws -> Line {
        let found = try await record.first("\(expectation) from \(name)", within: limit) { record -> Line?? in
            if let line = record.lines.first(where: condition) { return line }
            return record.status == nil ? nil : .some(nil)
        }
        guard let found else { throw EndedEarly(name: name, expectation: expectation, record: record.current) }
        return found
    }

    /// Waits for a line that contains the text.
    @discardableResult
    package func line(containing text: String, within limit: Duration = .seconds(30)) async throws -> Line {
        try await line("a line with '\(text)'", within: limit) { $0.text.contains(text) }
    }

    /// Sends a signal to the process, or to its whole group. To one that has ended it does nothing.
    package func send(_ signal: Signal, toGroup: Bool = false) {
        guard record.current.status == nil else { return }
        kill(toGroup ? -pid : pid, signal.rawValue)
    }

    /// Waits for the end of the program.
    ///
    /// - Throws: ``TimedOut`` when it still runs after `limit`.
    @discardableResult
    package func exit(within limit: Duration = .seconds(30)) async throws -> TerminationStatus {
        try await record.first("\(name) to end", within: limit) { $0.status }
    }

    /// Kills the whole group and waits for the end of the program.
    package func end() async throws {
        let record = record.current
        // Once the program has been reaped and nobody holds its output, its pid may be reused.
        if record.status == nil || !record.openSources.isEmpty { kill(-pid, SIGKILL) }
        try await exit()
    }

    private struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    private struct EndedEarly: Error, CustomStringConvertible {
        let name: String
        let expectation: String
        let record: Record

        var description: String {
            let status = record.status.map { "\($0)" } ?? "unknown"
            return "\(name) ended (\(status)) without \(expectation); its last lines:\n"
                + record.lines.suffix(20).map(\.text).joined(separator: "\n")
        }
    }
}
