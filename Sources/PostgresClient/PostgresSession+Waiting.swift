// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc

/// How long to wait for the server, and what happens after that.
///
/// `proceeding` until the limit or a cancellation; then `interrupted`, for as long as the server has to obey.
struct Deadline {
    enum Reason { case canceled, deadline }

    private(set) var end: ContinuousClock.Instant
    private(set) var interruption: Reason?
    let ticket: Ticket?

    init(_ end: ContinuousClock.Instant, _ ticket: Ticket?) {
        self.end = end
        self.ticket = ticket
    }

    /// The reason to stop waiting now, if there is one.
    var passed: Reason? {
        if interruption == nil, let ticket, ticket.isCanceled { return .canceled }
        return ContinuousClock.now >= end ? .deadline : nil
    }

    mutating func interrupt(_ reason: Reason, allowing grace: Duration) {
        interruption = reason
        end = .now + grace
    }
}

enum Wake {
    case ready
    case over(Deadline.Reason)
}

extension PostgresSession {
    /// Sleeps until the socket is ready for one of the events, or `isDone` holds, or the wait must stop.
    ///
    /// Jobs of other calls arrive on the same descriptor that a cancellation wakes; they stay queued.
    func wait(
        for events: Int32,
        on socket: Int32,
        _ deadline: Deadline,
        orUntil isDone: () -> Bool = { false }
    ) -> Wake {
        let mailbox = thread.mailbox
        while true {
            if isDone() { return .ready }
            if let reason = deadline.passed { return .over(reason) }
            let timeout = (deadline.end - .now).pollTimeout
            let (isWoken, isReady) = withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { entries in
                entries.initializeElement(
                    at: 0,
                    to: pollfd(fd: mailbox.wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
                )
                entries.initializeElement(at: 1, to: pollfd(fd: socket, events: Int16(events), revents: 0))
                guard poll(entries.baseAddress, 2, timeout) > 0 else { return (false, false) }
                return (entries[0].revents != 0, entries[1].revents != 0)
            }
            if isWoken { mailbox.wakeUp.drain() }
            if isReady { return .ready }
        }
    }
}

extension Duration {
    /// Milliseconds for `poll`, rounded up, so that it does not return just before the time.
    fileprivate var pollTimeout: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return max(0, Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
