// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Glibc

/// A thread for one long blocking job, such as watching a child.
enum DedicatedThread {
    private final class Job: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread. Returns `false`, and does not run it, when the system grants no thread.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let job = Unmanaged.passRetained(Job(name: name, body: body))
        var thread = pthread_t()
        let error = pthread_create(
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
        guard error == 0 else {
            job.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

/// Runs blocking work (files, or parsing of large input) outside of the cooperative thread pool, which renews leases.
package enum BlockingWork {
    private static let queue = DispatchQueue(label: "stoker.provisioning.files", attributes: .concurrent)

    package static func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<Value, Failure>
                do throws(Failure) { result = .success(try body()) } catch { result = .failure(error) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}
