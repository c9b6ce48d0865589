// SPDX-License-Identifier: Apache-2.0

import CLibPQ

extension PostgresSession {
    /// Sends the text by the simple protocol, the only one that takes several statements at once.
    func runScript(_ statement: Statement, _ ticket: Ticket?) throws {
        guard statement.sql.parameters.count == 0 else {
            throw PostgresError(.misuse, "a script cannot have parameters", statement: statement.name)
        }
        var reading = try beginReading(statement.name, within: statement.limit, ticket)
        let start = ContinuousClock.now
        if reading.connection.sendScript(statement.sql.text) {
            while connection != nil, try answerScript(&reading) {}
            if connection != nil, !reading.connection.endScript() { drop() }
        } else {
            reading.fail(.lost(reading.connection.errorMessage, statement: statement.name))
            drop()
        }
        record(.now - start, of: statement.name)
        try endReading(&reading)
    }

    /// Takes one statement's result; `false` after the last.
    private func answerScript(_ reading: inout Reading) throws -> Bool {
        guard let result = try nextResult(&reading, reading.statement) else { return false }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
        case PGRES_FATAL_ERROR: reading.fail(result.failure)
        default:
            reading.fail(PostgresError(.misuse, "COPY cannot be run as a script", statement: reading.statement))
            drop()
        }
        return true
    }
}
