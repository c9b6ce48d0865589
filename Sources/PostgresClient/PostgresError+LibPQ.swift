// SPDX-License-Identifier: Apache-2.0

import CLibPQ

extension PostgresError.Report {
    /// Reads the fields of an error or notice.
    init(_ result: OpaquePointer?) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        // The codes of postgres_ext.h, PG_DIAG_SQLSTATE and so on, which are characters.
        self.init(
            state: SQLState(field("C") ?? ""),
            severity: field("V"),
            message: field("M") ?? PQresultErrorMessage(result).map { String(cString: $0).onOneLine } ?? "",
            detail: field("D"),
            hint: field("H"),
            constraint: field("n"),
            table: field("t"),
            column: field("c")
        )
    }
}

extension PostgresError {
    /// What a result of status `PGRES_FATAL_ERROR` reports: the server's error, or libpq's when the connection broke.
    static func failure(_ result: OpaquePointer, statement: String?) -> Self {
        let report = Report(result)
        guard report.state.code.isEmpty else { return Self(report, statement: statement) }
        return .lost(report.message, statement: statement)
    }

    /// The connection broke while a statement ran.
    static func lost(_ reason: String, statement: String?) -> Self {
        var error = Self(
            .connection,
            "the connection to the database was lost: \(reason.onOneLine)",
            remedy: Self.lookFirst,
            statement: statement
        )
        error.isOutcomeUnknown = true
        return error
    }
}

/// Why a connection could not be made.
struct ConnectFailure {
    /// The server's code, when it was the server that refused.
    let state: SQLState?
    let reason: String

    /// Reads libpq's message at verbosity `PQERRORS_VERBOSE`: `...: FATAL:  57P03: the database system is starting up`
    /// and a line `LOCATION: ...`. libpq offers the code of a failed connection in no other way.
    init(message: String) {
        var state: SQLState?
        var lines: [Substring] = []
        for line in message.split(separator: "\n") where !line.hasPrefix("LOCATION:") {
            guard state == nil, let code = Self.code(in: line) else {
                lines.append(line)
                continue
            }
            state = SQLState(String(line[code.start..<code.end]))
            lines.append(line[..<code.start] + line[code.end...].dropFirst(2))
        }
        self.state = state
        reason = lines.joined(separator: "\n").onOneLine
    }

    /// The five characters of an SQLSTATE between `:  ` and `: `.
    private static func code(in line: Substring) -> (start: Substring.Index, end: Substring.Index)? {
        guard let marker = line.firstRange(of: ":  ") else { return nil }
        let start = marker.upperBound
        guard let end = line.index(start, offsetBy: 5, limitedBy: line.endIndex), line[end...].hasPrefix(": "),
            line[start..<end].allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
        else { return nil }
        return (start, end)
    }

    var remedy: String {
        switch state {
        case .invalidCatalogName: "Create the database, or correct its name in database.url."
        case .tooManyConnections: "Raise max_connections on the server, or lower database.pool_size."
        case .cannotConnectNow: "Wait until the server has started, and try again."
        case let state? where state.conditionClass == "28":
            "Correct the user or the password in database.url, or the server's pg_hba.conf."
        default: "Start the server, or correct host and port in database.url; `stoker doctor` checks each step."
        }
    }
}

extension String {
    /// The lines joined by spaces, without indentation.
    var onOneLine: String {
        split(whereSeparator: \.isNewline)
            .map { $0.drop(while: \.isWhitespace) }
            .filter { !$0.isEmpty }
            .joined(separator: " ")
    }
}
