// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// What a process says in a rehearsal: only replacements and its result count.
private final class RehearsalTranscript: Sendable {
    struct Said: Sendable {
        var replacements: [Replacement] = []
        var error: String?
        var exceeded: BoundExceeded?
    }

    private let state = Mutex(Said())
    private let log: ExecutionLog
    private let bounds: ChildBounds

    init(log: ExecutionLog, bounds: ChildBounds) {
        self.log = log
        self.bounds = bounds
    }

    var said: Said { state.withLock { $0 } }

    func read(_ line: OutputLine) {
        do throws(BoundExceeded) {
            guard let message = try ProcessMessage.read(line, bounds) else {
                log.log(.info, "rehearse", line)
                return
            }
            switch message {
            case .log(let level, let stage, let output): log.log(level, stage ?? "rehearse", output)
            case .replacement(let replacement):
                state.withLock { said in
                    guard said.replacements.count <= ChildBounds.replacements else { return }
                    said.replacements.append(replacement)
                }
            case .result(let error, _): state.withLock { $0.error = $0.error ?? error }
            case .state, .resource, .agent, .output: break
            }
        } catch {
            state.withLock { $0.exceeded = error }
        }
    }
}

extension ProcessProvisioner {
    /// Runs the program with `rehearse` and the request of a claim, when the template says that it can do that: it prints
    /// what a claim would replace, and changes nothing. A state that it prints is ignored.
    ///
    /// - Parameter command: The command of the claim build.
    /// - Returns: `nil` when the execution was stopped meanwhile; the next build of the version rehearses then.
    func rehearsal(
        isDeclared: Bool,
        _ command: ChildCommand,
        _ log: ExecutionLog,
        _ directory: WorkDirectory,
        _ control: ExecutionControl
    ) async -> Rehearsal? {
        guard control.interruption == nil else { return nil }
        guard isDeclared else {
            return Rehearsal(.none, message: "its stoker.yaml declares no rehearsal ('rehearse: true')")
        }
        log.log(.info, "rehearse", "Rehearsing a claim by another owner; nothing of it is applied.")
        let transcript = RehearsalTranscript(log: log, bounds: directory.bounds)
        var command = command
        command.arguments = ["rehearse"]
        command.output = .lines(limit: ProcessMessage.limit(directory.bounds)) { transcript.read($0) }
        command.errors = .lines { log.log(.warn, "rehearse", $0) }
        command.statesInOutput = false
        do throws(ProvisioningFailure) {
            let result = try await host.runner.run(command, in: directory, control: control)
            let said = transcript.said
            do throws(BoundExceeded) {
                if let exceeded = said.exceeded { throw exceeded }
                try BoundExceeded.check(said.replacements)
            } catch {
                throw ProvisioningFailure(error)
            }
            guard result.status.isSuccess, said.error == nil else {
                let message = said.error ?? "The template's program ended with \(result.status)."
                return Rehearsal(.failed, message: log.redactor.redact(ProvisioningFailure(.failed, message)).message)
            }
            return Rehearsal(said.replacements)
        } catch {
            guard control.interruption == nil, error.code != .interrupted, error.code != .canceled else { return nil }
            return Rehearsal(.failed, message: log.redactor.redact(error).message)
        }
    }
}
