// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc

/// The receiving half of one exchange with the server.
struct Reading {
    let connection: Connection
    /// The statement that an error names when no other is known.
    let statement: String
    let limit: Duration
    var deadline: Deadline
    /// The first error; the later ones are its consequences.
    var error: PostgresError?
    /// The cancel request that was sent when waiting had to stop.
    var request: CancelRequest?
    /// Whether the connection was given up because the server did not obey the request.
    var isAbandoned = false

    mutating func fail(_ error: PostgresError) {
        if self.error == nil { self.error = error }
    }

    /// The error for the caller when the interruption, and nothing else, ended the statement.
    var interruption: (any Error)? {
        switch deadline.interruption {
        case .canceled: CancellationError()
        case .deadline: overdue
        case nil: nil
        }
    }

    private var overdue: PostgresError {
        var error = PostgresError(
            .deadlineExceeded,
            "the statement took longer than \(limit)" + (isAbandoned ? ", and the server did not cancel it" : ""),
            remedy: "Look for locks and load in pg_stat_activity.",
            statement: statement
        )
        error.isOutcomeUnknown = isAbandoned
        return error
    }
}

extension PostgresSession {
    func beginReading(_ statement: String, within limit: Duration, _ ticket: Ticket?) throws -> Reading {
        if let ticket, ticket.isCanceled { throw CancellationError() }
        let deadline = Deadline(.now + limit, ticket)
        let connection = try connected(deadline)
        condition.set(.busy, descriptor: connection.socket)
        return Reading(connection: connection, statement: statement, limit: limit, deadline: deadline)
    }

    /// The one result of a command, or `nil` when it failed or was skipped.
    func answer(_ reading: inout Reading, _ statement: String) throws -> ResultStorage? {
        var answer: ResultStorage?
        while let result = try nextResult(&reading, statement) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: answer = result
            case PGRES_FATAL_ERROR: reading.fail(result.failure)
            case PGRES_PIPELINE_ABORTED: break
            case PGRES_EMPTY_QUERY: reading.fail(PostgresError(.misuse, "the statement is empty", statement: statement))
            default:
                // COPY: no statement here uses it, and only closing the connection ends it.
                reading.fail(PostgresError(.misuse, "COPY cannot be run as a statement", statement: statement))
                drop()
            }
        }
        return answer
    }

    /// The next result, waited for, or `nil` at the end of a command's results.
    ///
    /// When the wait must stop, sends a cancel request and goes on; when that wait must stop as well, closes the
    /// connection.
    func nextResult(_ reading: inout Reading, _ statement: String) throws -> ResultStorage? {
        guard connection != nil else { return nil }
        let connection = reading.connection
        while !connection.isBroken, connection.isBusy {
            let isWriting = connection.flush() == .pending
            switch wait(for: isWriting ? POLLIN | POLLOUT : POLLIN, on: connection.socket, reading.deadline) {
            case .ready: _ = connection.consumeInput()
            case .over(let reason):
                guard reading.deadline.interruption != nil else {
                    reading.deadline.interrupt(reason, allowing: configuration.cancelTimeout)
                    reading.request = CancelRequest.send(for: connection, wakes: thread.mailbox)
                    continue
                }
                reading.isAbandoned = true
                drop()
                return nil
            }
        }
        guard let result = connection.nextResult() else { return nil }
        let storage = ResultStorage(result, statement: statement)
        if connection.isBroken {
            reading.fail(storage.failure)
            // The server gives the reason for hanging up, and does not say whether the commit happened.
            if reading.error?.endsSession == true { reading.error?.isOutcomeUnknown = true }
            drop()
            return nil
        }
        return storage
    }

    /// Brings the session to rest, and throws the error if there was one.
    func endReading(_ reading: inout Reading) throws {
        if let request = reading.request, connection != nil, !request.isFinished {
            // The request must not hit the session's next statement.
            let wake = wait(for: 0, on: -1, reading.deadline) { request.isFinished }
            if case .over = wake { drop() }
        }
        if connection != nil {
            let isIdle = reading.connection.transactionStatus == PQTRANS_IDLE
            condition.set(isIdle ? .idle : .busy, descriptor: reading.connection.socket)
        }
        if let interruption = reading.interruption,
            reading.isAbandoned || reading.error?.sqlState == .queryCanceled
        {
            throw interruption
        }
        if let error = reading.error { throw error }
        if connection == nil { throw PostgresError.lost(reading.connection.errorMessage, statement: reading.statement) }
    }

    /// Hangs up for good.
    func drop() {
        connection = nil
        condition.set(.lost)
    }
}
