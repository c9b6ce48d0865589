// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Logging
import PostgresClient
import Provisioning
import Synchronization

/// Writes a job's log to the database in batches, at most 250 ms or 64 KiB late, and keeps the first and the last 512
/// KiB.
///
/// Appending never blocks. A failed write is retried with the next one; lines between head and tail are dropped and
/// counted.
final class JobLog: Sendable {
    private struct State {
        var pending: [LogLine] = []
        var pendingBytes = 0
        var writtenBytes = 0
        /// After the head: the newest lines, which are written at the end. Those before `tailStart` are dropped.
        var tail: [LogLine] = []
        var tailStart = 0
        var tailBytes = 0
        var droppedLines = 0
        var droppedBytes = 0
    }

    private let state = Mutex(State())
    private let bell = Doorbell()
    private let write: @Sendable ([LogLine]) async throws -> Bool
    private let onLost: @Sendable () -> Void
    private let logger: Logger

    private static let flushInterval = Duration.milliseconds(250)
    private static let flushBytes = 64 * 1024
    private static let keptBytes = 512 * 1024
    /// The cost of a line besides its texts, so that many short lines count too.
    private static let lineBytes = 64

    private static func cost(_ line: LogLine) -> Int {
        line.output.utf8.count + line.stage.utf8.count + lineBytes
    }

    /// - Parameter write: Stores lines under the execution's fence; false when the execution has lost its job.
    /// - Parameter onLost: Called when that returns false.
    init(
        logger: Logger,
        write: @escaping @Sendable ([LogLine]) async throws -> Bool,
        onLost: @escaping @Sendable () -> Void
    ) {
        self.logger = logger
        self.write = write
        self.onLost = onLost
    }

    func append(_ line: LogLine) {
        var line = line
        line.output = line.output.cut(to: ChildBounds.lineBytes)
        line.stage = line.stage.cut(to: ChildBounds.nameBytes)
        let size = Self.cost(line)
        let isUrgent = state.withLock { state in
            // Once the tail has begun, a line that fits into the head would come before its predecessors.
            if state.tail.isEmpty, state.writtenBytes + state.pendingBytes + size <= Self.keptBytes {
                state.pending.append(line)
                state.pendingBytes += size
                return state.pending.count == 1 || state.pendingBytes >= Self.flushBytes
            }
            state.tail.append(line)
            state.tailBytes += size
            while state.tailBytes > Self.keptBytes, state.tail.count - state.tailStart > 1 {
                let dropped = state.tail[state.tailStart]
                state.tailStart += 1
                state.tailBytes -= Self.cost(dropped)
                state.droppedBytes += dropped.output.utf8.count
                state.droppedLines += 1
            }
            // Seldom, because the lines behind them move.
            if state.tailStart > state.tail.count / 2 {
                state.tail.removeFirst(state.tailStart)
                state.tailStart = 0
            }
            return false
        }
        if isUrgent { bell.ring() }
    }

    /// Writes until the task is canceled. ``finish(until:)`` writes the rest.
    func run() async {
        while !Task.isCancelled {
            await bell.wait()
            let isFull = state.withLock { $0.pendingBytes >= Self.flushBytes }
            if !isFull { await bell.wait(atMost: Self.flushInterval) }
            // Lines whose write failed cause no wake-up, so the write is repeated until it succeeds.
            while !Task.isCancelled, await !flush() { try? await Task.sleep(for: Self.flushInterval) }
        }
    }

    /// Writes the remaining lines, with a note about what is missing in the middle. It retries until the end of the
    /// lease, because the last lines say why a build failed.
    func finish(until deadline: ContinuousClock.Instant) async {
        state.withLock { state in
            if state.droppedLines > 0 {
                state.pending.append(
                    LogLine(
                        source: .worker,
                        level: .warn,
                        output: "\(state.droppedLines) lines (\(state.droppedBytes) bytes) are left out here"
                    )
                )
            }
            state.pending += state.tail[state.tailStart...]
            (state.tail, state.tailStart) = ([], 0)
        }
        while await !flush(), ContinuousClock.now < deadline {
            try? await Task.sleep(for: Self.flushInterval)
        }
    }

    @discardableResult
    private func flush() async -> Bool {
        let lines = state.withLock { state in
            let lines = state.pending
            state.writtenBytes += state.pendingBytes
            (state.pending, state.pendingBytes) = ([], 0)
            return lines
        }
        guard !lines.isEmpty else { return true }
        do {
            if try await !write(lines) { onLost() }
            return true
        } catch {
            // The database would refuse such a line for ever, and it would block the others.
            if (error as? PostgresError)?.isRefusedValue == true { return await flush(each: lines) }
            state.withLock { $0.pending = lines + $0.pending }
            // A write that the end of the execution cancelled: the final one takes its lines.
            guard !(error is CancellationError) else { return false }
            logger.warning("job log lines could not be written yet", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Writes line by line, so that refused lines do not affect others, and notes where they are missing.
    private func flush(each lines: [LogLine]) async -> Bool {
        for (index, line) in lines.enumerated() {
            do {
                if try await !write([line]) {
                    onLost()
                    return true
                }
            } catch {
                let isRefused = (error as? PostgresError)?.isRefusedValue == true
                let note = LogLine(
                    source: .worker,
                    level: .warn,
                    output: "A line is left out here that the database refuses: \(error)"
                )
                let rest =
                    (isRefused && line.source != note.source ? [note] : isRefused ? [] : [line])
                    + lines[(index + 1)...]
                state.withLock { $0.pending = rest + $0.pending }
                logger.warning("a line of a job's log could not be written", metadata: ["error": "\(error)"])
                return rest.isEmpty
            }
        }
        return true
    }
}
