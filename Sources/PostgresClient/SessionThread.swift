// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import Synchronization

/// A thread that runs one actor's jobs, so that the actor may wait for its socket without holding up other tasks.
///
/// The thread ends when the executor is released, not before: a job may arrive as long as someone holds the actor.
final class SessionThread: SerialExecutor {
    let mailbox: Mailbox

    /// Throws ``PostgresError`` of kind `.connection` when the process may not have another thread or descriptor.
    init(name: String) throws {
        do throws(SystemError) { mailbox = Mailbox(try WakeUp()) } catch {
            throw PostgresError.resources("no eventfd for a session could be opened", error)
        }
        mailbox.setExecutor(self)
        do throws(SystemError) { try DedicatedThread.start(name) { [mailbox] in mailbox.run() } } catch {
            throw PostgresError.resources("no thread for a session could be started", error)
        }
    }

    deinit {
        mailbox.stop()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        mailbox.post(UnownedJob(job))
    }

    func isIsolatingCurrentContext() -> Bool? {
        mailbox.isCurrentThread
    }

    func checkIsolated() {
        precondition(mailbox.isCurrentThread, "not on the session's thread")
    }
}

/// The jobs of one ``SessionThread``, and the descriptor that wakes it.
final class Mailbox: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isAsleep = false
        var isStopped = false
        var thread: pthread_t?
        /// Weak, for the executor owns the mailbox; while a job waits, its actor holds the executor.
        weak var executor: SessionThread?
    }

    private let state = Mutex(State())
    let wakeUp: WakeUp

    fileprivate init(_ wakeUp: WakeUp) {
        self.wakeUp = wakeUp
    }

    fileprivate var isCurrentThread: Bool {
        state.withLock { state in
            state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
        }
    }

    fileprivate func setExecutor(_ executor: SessionThread) {
        state.withLock { $0.executor = executor }
    }

    fileprivate func post(_ job: UnownedJob) {
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { wakeUp.signal() }
    }

    fileprivate func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.signal()
    }

    /// The thread's main loop: run the waiting jobs, sleep, until stopped.
    fileprivate func run() {
        state.withLock { $0.thread = pthread_self() }
        var batch: [UnownedJob] = []
        while true {
            let (executor, isStopped) = state.withLock { state in
                swap(&state.jobs, &batch)
                state.isAsleep = batch.isEmpty
                return (batch.isEmpty ? nil : state.executor, state.isStopped)
            }
            if let executor {
                for job in batch { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
                batch.removeAll(keepingCapacity: true)
            } else if isStopped {
                return
            } else {
                var entry = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
                poll(&entry, 1, -1)
                wakeUp.drain()
            }
        }
    }
}

extension PostgresError {
    static func resources(_ message: String, _ error: SystemError) -> Self {
        Self(
            .connection,
            "\(message): \(error)",
            remedy: "Raise the limits of open files and processes, or use a smaller pool."
        )
    }
}
