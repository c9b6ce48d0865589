// SPDX-License-Identifier: Apache-2.0

/// Sends HTTP requests with libcurl, any number at once, from one thread of its own.
///
/// The client keeps connections open and uses them again; it speaks HTTP/2 where a server offers it. It never follows a
/// redirect. The ``AddressPolicy`` judges each address at the moment a socket connects. A slow server delays no other
/// request.
///
/// The thread ends when the client is closed or released.
package final class HTTPClient: Sendable {
    private let mailbox: Mailbox

    /// - Throws: ``HTTPFailure`` with the code `local` when libcurl or the system has no resources for it.
    package init(_ configuration: HTTPClientConfiguration = HTTPClientConfiguration()) throws(HTTPFailure) {
        let loop = try TransferLoop(configuration)
        mailbox = loop.mailbox
        try loop.start()
    }

    deinit {
        mailbox.post(.close)
    }

    /// Sends the request and waits for the answer, at most the configured time-out after its turn has come.
    ///
    /// Every status is an answer, not an error. Cancelling the task ends the transfer at once and throws the code
    /// `canceled`; the request may have reached its server by then.
    package func send(_ request: Request) async throws(HTTPFailure) -> Response {
        let ticket = Ticket()
        let result: Result<Response, HTTPFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let submission = Submission(request: request, ticket: ticket, continuation: continuation)
                if !mailbox.post(.submit(submission)) {
                    continuation.resume(returning: .failure(.clientClosed))
                }
            }
        } onCancel: {
            // The flag comes first: whichever message the loop reads first, it then sees that the ticket is void.
            ticket.cancel()
            mailbox.post(.cancel(ticket))
        }
        return try result.get()
    }

    /// Ends all transfers, which throw the code `client_closed`, and the thread. Later requests fail likewise.
    package func close() {
        mailbox.post(.close)
    }
}

extension HTTPFailure {
    static let clientClosed = HTTPFailure(.clientClosed, "the HTTP client has been closed")
    static let canceled = HTTPFailure(.canceled, "the request was cancelled")
}
