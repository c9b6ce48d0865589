// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs blocking work (files, or large inputs from templates) outside the cooperative pool, which renews leases.
package enum BlockingWork {
    private static let queue = DispatchQueue(label: "stoker.blocking", attributes: .concurrent)

    /// Runs the body on a thread that may block, and returns or throws what it does.
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
