// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// An asynchronous sink for log lines: no caller waits until a line is written.
///
/// So a log collector that stalls delays neither a build nor the renewal of a lease. Lines are buffered in memory, and
/// a queue writes many of them at once. When the buffer is full, new lines are dropped, and a line says how many.
package final class LogSink: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    /// The sink of this process. At exit, the buffered lines are still written, for two seconds at most.
    package static let standardError: LogSink = {
        let sink = LogSink(.standardError)
        atexit { LogSink.standardError.flush() }
        return sink
    }()

    private let descriptor: FileDescriptor
    private let capacity: Int
    private let queue = DispatchQueue(label: "stoker.log")
    private let state = Mutex(State())

    /// - Parameter capacity: The size of the buffer in bytes.
    package init(_ descriptor: FileDescriptor, capacity: Int = 1 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Takes a line, with its line feed. Returns at once.
    package func write(_ line: String) {
        let mustStart = state.withLock { state in
            guard state.waiting.count + line.utf8.count <= capacity else {
                state.dropped += 1
                return false
            }
            state.waiting += line.utf8
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Blocks until all lines taken so far are written, or the limit has passed: for the end of a process.
    package func flush(within limit: Duration = .seconds(2)) {
        let marker = DispatchWorkItem {}
        queue.async(execute: marker)
        _ = marker.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1))))
    }

    private func drain() {
        while true {
            let bytes: [UInt8]? = state.withLock { state in
                guard !state.waiting.isEmpty || state.dropped > 0 else {
                    state.isWriting = false
                    return nil
                }
                var bytes: [UInt8] = []
                swap(&bytes, &state.waiting)
                if state.dropped > 0 {
                    bytes += "stoker: \(state.dropped) log lines were dropped, because nobody read them\n".utf8
                    state.dropped = 0
                }
                return bytes
            }
            guard let bytes else { return }
            // A failure to write the log cannot be logged.
            _ = try? descriptor.writeAll(bytes)
        }
    }
}
