// SPDX-License-Identifier: Apache-2.0

import Basics
import Dispatch
import Glibc
import Synchronization

/// Reads both outputs of a child on a dedicated thread.
///
/// The template decides about the content of its lines and the time that parsing takes. Cancel requests, limits and the
/// guard's lease must not wait for that. When a child prints faster than this reads, it blocks on its pipe.
final class ChildOutputs: Sendable {
    /// The collected bytes of both outputs, if they are collected.
    struct Collected: Sendable {
        var output: [UInt8] = []
        var errors: [UInt8] = []
    }

    private struct State {
        var lastOutput = ContinuousClock.now
        var overflowed = false
        var collected = Collected()
    }

    private let state = Mutex(State())
    private let childEnded: WakeUp
    private let done = DispatchSemaphore(value: 0)
    private let control: ExecutionControl
    private let limit: Int
    /// Signaled when more was printed than may be collected.
    private let notice: WakeUp

    init(_ control: ExecutionControl, _ bounds: ChildBounds, notice: WakeUp) throws(FileFailure) {
        childEnded = try WakeUp.make()
        limit = bounds.outputBytes
        self.control = control
        self.notice = notice
    }

    /// When the child's last output was read.
    var lastOutput: ContinuousClock.Instant { state.withLock { $0.lastOutput } }

    /// Whether more was printed than may be collected.
    var overflowed: Bool { state.withLock { $0.overflowed } }

    /// Starts to read. Owns the descriptors, also when it fails.
    ///
    /// - Returns: `false` when the system grants no more threads.
    func start(_ output: Int32, _ outputHandling: OutputHandling, _ errors: Int32, _ errorHandling: OutputHandling)
        -> Bool
    {
        do throws(SystemError) {
            try DedicatedThread.start("output") { [self] in
                var first = OutputReader(output, outputHandling)
                var second = OutputReader(errors, errorHandling)
                read(&first, &second)
                let collected = Collected(output: first.collected, errors: second.collected)
                state.withLock { $0.collected = collected }
                done.signal()
            }
            return true
        } catch {
            close(output)
            close(errors)
            return false
        }
    }

    /// Waits until all output of the child is read; the child must have ended.
    ///
    /// It does not wait for other processes that inherited the child's outputs.
    func finish() -> Collected {
        childEnded.signal()
        done.wait()
        return state.withLock { $0.collected }
    }

    private func read(_ output: inout OutputReader, _ errors: inout OutputReader) {
        var hasEnded = false
        while !hasEnded, output.isOpen || errors.isOpen {
            var waiting = [childEnded.descriptor, output.descriptor, errors.descriptor]
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, nfds_t(waiting.count), -1)
            hasEnded = waiting[0].revents != 0
            // The pipes now hold everything that the child has printed.
            let (outputLeft, errorsLeft) = hasEnded ? (output.waiting, errors.waiting) : (nil, nil)
            let heard = [
                waiting[1].revents != 0 && drain(&output, outputLeft),
                waiting[2].revents != 0 && drain(&errors, errorsLeft),
            ]
            if heard.contains(true) { state.withLock { $0.lastOutput = .now } }
            watchBounds(output, errors)
        }
        output.finish()
        errors.finish()
    }

    private func drain(_ reader: inout OutputReader, _ left: Int?) -> Bool {
        guard let left else { return reader.drain() }
        return reader.drain(atMost: left)
    }

    private func watchBounds(_ output: borrowing OutputReader, _ errors: borrowing OutputReader) {
        let count = output.count + errors.count
        if count > limit {
            control.interrupt(over: BoundExceeded("What the program printed", has: count, most: limit))
        }
        if output.overflowed || errors.overflowed, !overflowed {
            state.withLock { $0.overflowed = true }
            notice.signal()
        }
    }
}
