// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The output of a process so far. The thread that watches the process feeds it.
final class ProcessTranscript: Sendable {
    struct Said: Sendable {
        /// `nil`: the process has printed no state.
        var state: [UInt8]?
        var resources: [BuiltResource] = []
        var replacements: [Replacement] = []
        var replacementBytes = 0
        var agents: [String] = []
        /// The newest of each name.
        var outputs: [String: BuildOutput] = [:]
        var error: String?
        var code: FailureCode?
        var lastErrors: [String] = []
        var spoolFailure: FileFailure?
        /// How many lines would have been commented on.
        var hints = 0
    }

    /// The new messages since the last call.
    struct News: Sendable {
        /// The newest.
        var state: [UInt8]?
        var replacements: [Replacement] = []
    }

    /// The number and the size of lines of standard error that are kept to classify the failure.
    private static let errorLimit = 20
    private static let errorBytes = 4_096

    /// Signals that ``takeNews()`` has something to return.
    let hasNews: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let news = Mutex(News())
    private let stage: String
    let log: ExecutionLog
    private let directory: WorkDirectory
    private let control: ExecutionControl
    private let state = Mutex(Said())
    private let unwritten = Newest()

    init(stage: String, log: ExecutionLog, directory: WorkDirectory, control: ExecutionControl) {
        self.stage = stage
        self.log = log
        self.directory = directory
        self.control = control
        (hasNews, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var said: Said { state.withLock { $0 } }

    func takeNews() -> News {
        news.withLock { news in
            defer { news = News() }
            return news
        }
    }

    var output: OutputHandling {
        .lines(limit: ProcessMessage.limit(directory.bounds), turn: { [self] in write() }, { [self] in read($0) })
    }

    var errors: OutputHandling {
        .lines { [self] line in
            let text = log.log(.warn, stage, line).cut(to: Self.errorBytes)
            state.withLock { $0.lastErrors = $0.lastErrors.suffix(Self.errorLimit - 1) + [text] }
        }
    }

    /// The end of the output.
    func end() {
        continuation.finish()
    }

    private func read(_ line: OutputLine) {
        do throws(BoundExceeded) {
            guard let message = try ProcessMessage.read(line, directory.bounds) else {
                log.log(.info, stage, line)
                comment(on: line, isMessage: false)
                return
            }
            try take(message)
            if case .result = message { comment(on: line, isMessage: true) }
        } catch {
            control.interrupt(over: error)
        }
    }

    /// Says in the log what is probably wrong with the line.
    private func comment(on line: OutputLine, isMessage: Bool) {
        guard let hint = ProcessHint.text(on: line, isMessage: isMessage) else { return }
        let isSaid = state.withLock { said in
            said.hints += 1
            return said.hints <= ProcessHint.most
        }
        if isSaid { log.log(.warn, stage, hint) }
    }

    private func take(_ message: ProcessMessage) throws(BoundExceeded) {
        switch message {
        case .log(let level, let stage, let output): log.log(level, stage ?? self.stage, output)
        case .state(let new): take(new)
        case .resource(let resource):
            let fits = state.withLock { $0.resources.append(resource, most: ChildBounds.resources) }
            guard fits else { throw BoundExceeded(moreThan: ChildBounds.resources, "resources") }
        case .replacement(let replacement):
            let (fits, bytes) = state.withLock { said in
                said.replacementBytes += replacement.bytes
                guard said.replacementBytes <= ChildBounds.replacementBytes else {
                    return (false, said.replacementBytes)
                }
                return (said.replacements.append(replacement, most: ChildBounds.replacements), 0)
            }
            try BoundExceeded.check(bytes, "bytes", "What the build replaces", most: ChildBounds.replacementBytes)
            guard fits else { throw BoundExceeded(moreThan: ChildBounds.replacements, "replacements") }
            news.withLock { $0.replacements.append(replacement) }
            continuation.yield()
        case .agent(let name):
            let fits = state.withLock { $0.agents.append(name, most: ChildBounds.resources) }
            guard fits else { throw BoundExceeded(moreThan: ChildBounds.resources, "ready agents") }
        case .output(let output):
            if output.isSensitive { log.redactor.learn([output.json]) }
            let outputs = state.withLock { said in
                said.outputs[output.name] = output
                return said.outputs
            }
            try BoundExceeded.check(outputs.values.map(\.self))
        case .result(let error, let code):
            // An error is final: the first one stays, whatever follows.
            state.withLock { said in
                guard said.error == nil else { return }
                said.error = error
                said.code = code
            }
        }
    }

    /// The file is for the guard, which saves it if this worker dies; the checkpoint is for the database. When many
    /// states arrive together, only the newest is written: a program may print thousands in a second, and each write
    /// waits for the disk.
    private func write() {
        guard let new = unwritten.take() else { return }
        do throws(FileFailure) {
            try PrivateFiles.replace(directory.stateFile, new)
        } catch {
            state.withLock { $0.spoolFailure = error }
        }
    }

    private func take(_ new: [UInt8]) {
        unwritten.put(new)
        state.withLock { $0.state = new }
        directory.note(newest: new)
        news.withLock { $0.state = new }
        continuation.yield()
    }
}

extension Array {
    /// Returns `false`, and appends nothing, when the list is full.
    fileprivate mutating func append(_ element: Element, most: Int) -> Bool {
        guard count < most else { return false }
        append(element)
        return true
    }
}
