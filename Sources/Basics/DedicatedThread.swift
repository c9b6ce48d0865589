// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A separate thread for long blocking work: a session, a client's transfers, a child process to watch.
package enum DedicatedThread {
    private final class Job: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread.
    ///
    /// - Parameter name: The name in debuggers, cut to 15 bytes.
    /// - Throws: When the system grants no more threads; then `body` is not run.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let job = Unmanaged.passRetained(Job(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                stoker_name_thread(job.name)
                job.body()
                return nil
            },
            job.toOpaque()
        )
        guard code == 0 else {
            job.release()
            throw SystemError(code)
        }
        pthread_detach(thread)
    }
}
