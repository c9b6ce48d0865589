// SPDX-License-Identifier: Apache-2.0

import Basics
import CLibPQ
import Synchronization

/// Cancels the running statement of a session, from a thread of its own.
///
/// `PQcancel` opens a second connection and blocks until the server has closed it; the session's thread must not wait
/// longer than its limit for that. "PQcancel can safely be invoked from a signal handler", and from any thread, since a
/// `PGcancel` is never changed (libpq, Canceling Queries in Progress).
final class CancelRequest: @unchecked Sendable {
    private let handle: OpaquePointer
    private let mailbox: Mailbox
    private let finished = Atomic(false)

    /// Takes ownership of the handle. The mailbox is woken when the request has been served.
    private init(_ handle: OpaquePointer, wakes mailbox: Mailbox) {
        self.handle = handle
        self.mailbox = mailbox
    }

    deinit {
        PQfreeCancel(handle)
    }

    /// Whether the server has received the request, or the request has failed for good.
    var isFinished: Bool { finished.load(ordering: .acquiring) }

    /// `nil` when there is nothing to cancel with.
    static func send(for connection: Connection, wakes mailbox: Mailbox) -> CancelRequest? {
        guard let handle = connection.makeCancelHandle() else { return nil }
        let request = CancelRequest(handle, wakes: mailbox)
        guard (try? DedicatedThread.start("postgres-cancel") { request.run() }) != nil else { return nil }
        return request
    }

    private func run() {
        // A refused request needs no message: the statement goes on, and its session is dropped at the limit.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = PQcancel(handle, buffer.baseAddress, Int32(buffer.count))
        }
        finished.store(true, ordering: .releasing)
        mailbox.wakeUp.signal()
    }
}
