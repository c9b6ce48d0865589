// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

extension PostgresSession {
    /// The connection, made now if this is the first use.
    func connected(_ deadline: Deadline) throws -> Connection {
        if let connection { return connection }
        guard condition.phase == .fresh else {
            throw PostgresError(
                .closed,
                "the session is closed, or its connection was lost",
                remedy: "Take another session from the pool."
            )
        }
        let limit = min(deadline.end, .now + configuration.connectTimeout)
        let deadline = Deadline(limit, deadline.ticket)
        var pause = Duration.milliseconds(50)
        while true {
            do {
                let connection = try connect(deadline)
                self.connection = connection
                condition.set(.idle, descriptor: connection.socket)
                logger.debug("connected to postgres", metadata: ["pg.destination": "\(connection.destination)"])
                return connection
            } catch let error as PostgresError where error.sqlState == .cannotConnectNow {
                // The server starts, stops or recovers: its answer will change soon.
                guard .now + pause < limit else { throw error.asConnectionFailure }
                let nap = Deadline(.now + pause, deadline.ticket)
                if case .over(.canceled) = wait(for: 0, on: -1, nap) { throw CancellationError() }
                pause = min(pause * 2, .milliseconds(500))
            } catch let error as PostgresError {
                throw error.asConnectionFailure
            }
        }
    }

    private func connect(_ deadline: Deadline) throws -> Connection {
        let connection = try Connection(configuration, logger: logger)
        guard !connection.isBroken else { throw refusal(connection) }
        var progress = Connection.Progress.writing
        while true {
            switch progress {
            case .done:
                guard connection.becomeReady() else { throw refusal(connection) }
                return connection
            case .failed:
                throw refusal(connection)
            case .reading, .writing:
                // The socket may be another one at each step: libpq tries address after address.
                let events = progress == .reading ? POLLIN : POLLOUT
                switch wait(for: events, on: connection.socket, deadline) {
                case .ready: progress = connection.advance()
                case .over(.canceled): throw CancellationError()
                case .over(.deadline): throw timeout(connection)
                }
            }
        }
    }

    private func refusal(_ connection: Connection) -> PostgresError {
        let failure = ConnectFailure(message: connection.errorMessage)
        // A connection string that libpq cannot parse is quoted in its message, maybe with the password.
        let reason = connection.isUnparsed ? Redaction.quoted(failure.reason) : failure.reason
        return PostgresError(
            failure.state.map { .server($0) } ?? .connection,
            "cannot connect to \(connection.destination): \(reason)",
            remedy: failure.remedy
        )
    }

    private func timeout(_ connection: Connection) -> PostgresError {
        PostgresError(
            .connection,
            "cannot connect to \(connection.destination): no answer in time",
            remedy: "Check that host and port in database.url are right and that no firewall drops the packets."
        )
    }
}

extension PostgresError {
    /// The same message with kind `.connection`: a caller need not know at which step of connecting it failed.
    fileprivate var asConnectionFailure: Self {
        Self(.connection, message, remedy: remedy)
    }
}
