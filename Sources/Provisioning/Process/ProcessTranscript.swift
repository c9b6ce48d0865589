// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a process has said so far. Fed from the thread that watches the process.
final class ProcessTranscript: Sendable {
    struct Said: Sendable {
        /// `nil`: the process has not spoken of its state.
        var state: [UInt8]?
        var resources: [BuiltResource] = []
        var replacements: [Replacement] = []
        var agents: [String] = []
        var error: String?
        var code: ProvisioningFailure.Code?
        var lastErrors: [String] = []
        var spoolFailure: FileFailure?
    }

    /// What has been said since somebody asked last.
    struct News: Sendable {
        /// The newest.
        var state: [UInt8]?
        var replacements: [Replacement] = []
    }

    private static let errorLimit = 20

    /// Something was said that ``takeNews()`` gives.
    let hasNews: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let news = Mutex(News())
    private let stage: String
    let log: ExecutionLog
    private let directory: WorkDirectory
    private let state = Mutex(Said())

    init(stage: String, log: ExecutionLog, directory: WorkDirectory) {
        self.stage = stage
        self.log = log
        self.directory = directory
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
        .lines(limit: LineSplitter.protocolLimit) { [self] in read($0) }
    }

    var errors: OutputHandling {
        .lines { [self] line in
            log.log(.warn, stage, line.text)
            state.withLock { $0.lastErrors = $0.lastErrors.suffix(Self.errorLimit - 1) + [line.text] }
        }
    }

    /// Nothing more will be said.
    func end() {
        continuation.finish()
    }

    private func read(_ line: OutputLine) {
        guard line.omitted == 0, let message = ProcessMessage(line.bytes) else {
            var shown = line
            shown.bytes = Array(line.bytes.prefix(LineSplitter.logLimit))
            shown.omitted += line.bytes.count - shown.bytes.count
            return log.log(.info, stage, shown.text)
        }
        switch message {
        case .log(let level, let stage, let output): log.log(level, stage ?? self.stage, output)
        case .state(let new): take(new)
        case .resource(let resource): state.withLock { $0.resources.append(resource) }
        case .replacement(let replacement):
            state.withLock { $0.replacements.append(replacement) }
            news.withLock { $0.replacements.append(replacement) }
            continuation.yield()
        case .agent(let name): state.withLock { $0.agents.append(name) }
        case .result(let error, let code):
            state.withLock { said in
                said.error = error
                said.code = code
            }
        }
    }

    /// The file is for the guard, which saves it if this worker dies; the checkpoint is for the database.
    private func take(_ new: [UInt8]) {
        do throws(FileFailure) {
            try PrivateFiles.replace(directory.stateFile, new)
        } catch {
            state.withLock { $0.spoolFailure = error }
        }
        state.withLock { $0.state = new }
        news.withLock { $0.state = new }
        continuation.yield()
    }
}
