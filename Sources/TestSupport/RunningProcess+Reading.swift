// SPDX-License-Identifier: Apache-2.0

import Glibc
import Subprocess
import SystemPackage

extension RunningProcess {
    /// Runs the program to its end and collects its output.
    static func run(_ configuration: Configuration, _ record: WatchedState<Record>) async {
        do {
            let result = try await Subprocess.run(configuration, input: .none, output: .sequence, error: .sequence) {
                execution in
                let pid = execution.processIdentifier.value
                record.update { $0.pid = pid }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await read(execution.standardOutput, as: .standardOutput, into: record) }
                    group.addTask { try await read(execution.standardError, as: .standardError, into: record) }
                    group.addTask { try await noteEnd(of: pid, in: record) }
                    try await group.waitForAll()
                }
            }
            try await TestArea.shared.forget(group: result.processIdentifier.value)
        } catch {
            record.update { record in
                record.failure = "\(error)"
                // A waiter must not wait for ever.
                if record.pid != nil { record.status = .signaled(SIGKILL) }
            }
        }
    }

    private static func read(
        _ output: SubprocessOutputSequence,
        as source: Source,
        into record: WatchedState<Record>
    ) async throws {
        for try await line in output.strings() {
            record.update { $0.lines.append(Line(source: source, text: line)) }
        }
        record.update { _ = $0.openSources.remove(source) }
    }

    /// Sets the status when the program has ended and its output has been read. Descendants may hold its output open;
    /// they are waited for a second.
    private static func noteEnd(of pid: Int32, in record: WatchedState<Record>) async throws {
        var information = siginfo_t()
        // WNOWAIT leaves the status for the library, which reaps the process.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
            information._sifields._sigchld.si_pid == 0
        {
            try await Task.sleep(for: .milliseconds(10))
        }
        let code = information._sifields._sigchld.si_status
        let status: TerminationStatus = information.si_code == CLD_EXITED ? .exited(code) : .signaled(code)
        _ = try? await record.first("the end of the output", within: .seconds(1)) { record in
            record.openSources.isEmpty ? true : nil
        }
        record.update { $0.status = status }
    }
}
