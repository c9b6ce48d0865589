// SPDX-License-Identifier: Apache-2.0

import CLibCurl
import Synchronization

/// The message queue from callers, on any thread, to the transfer loop.
final class Mailbox: Sendable {
    enum Letter: Sendable {
        case submit(Submission)
        case cancel(Ticket)
        case close
    }

    private struct State {
        var letters: [Letter] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let multi: MultiHandle

    init(waking multi: MultiHandle) {
        self.multi = multi
    }

    /// Adds a message and wakes the loop; `false` when the loop has ended and will not read it.
    @discardableResult
    func post(_ letter: Letter) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.letters.append(letter)
            // Inside the lock, so that the handle still exists: the loop closes the mailbox before it frees it.
            multi.wake()
            return true
        }
    }

    /// Takes all messages so far, oldest first.
    func collect() -> [Letter] {
        state.withLock { state in
            defer { state.letters.removeAll() }
            return state.letters
        }
    }

    /// Closes the queue; returns the messages that were not read.
    func close() -> [Letter] {
        state.withLock { state in
            state.isClosed = true
            defer { state.letters.removeAll() }
            return state.letters
        }
    }
}

/// libcurl's handle of many transfers, made and freed by the loop.
///
/// Sendable because other threads only ever call ``wake()``: curl_multi_wakeup is documented as callable from any
/// thread. Everything else happens on the loop's thread.
struct MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    func wake() {
        curl_multi_wakeup(pointer)
    }
}

/// A request on its way to the loop, with the caller that waits for its answer.
struct Submission: Sendable {
    let request: HTTPClient.Request
    let ticket: Ticket
    let continuation: CheckedContinuation<Result<HTTPClient.Response, HTTPFailure>, Never>

    var key: String { request.concurrencyKey ?? request.url.origin }
}

/// Identifies one request, and records that its caller no longer waits.
final class Ticket: Sendable, Hashable {
    private let canceled = Atomic(false)

    var isCanceled: Bool { canceled.load(ordering: .acquiring) }

    func cancel() {
        canceled.store(true, ordering: .releasing)
    }

    static func == (left: Ticket, right: Ticket) -> Bool { left === right }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
