// SPDX-License-Identifier: Apache-2.0

/// What went wrong between the program and the database.
///
/// No property ever holds a bound value or a row's content: where the server quotes them, an ellipsis stands instead.
package struct PostgresError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    package enum Kind: Hashable, Sendable {
        /// The server refused or ended the statement.
        case server(SQLState)
        /// No connection could be made, or it was lost. If lost while a statement ran, its outcome is unknown.
        case connection
        /// The statement did not finish within its limit and was canceled.
        case deadlineExceeded
        /// No session of the pool became free in time.
        case poolExhausted
        /// The pool or session was closed.
        case closed
        /// A column is not of the type that was asked for.
        case decoding
        /// The call does not fit the state of its session, such as a statement for a transaction that has ended.
        case misuse
    }

    package let kind: Kind
    /// The message: a sentence without its final full stop.
    package let message: String
    /// The server's detail.
    package private(set) var detail: String?
    /// The server's hint.
    package private(set) var hint: String?
    /// The remedy for the reader.
    package private(set) var remedy: String?
    package private(set) var constraint: String?
    package private(set) var table: String?
    package private(set) var column: String?
    /// The name of the ``Statement``.
    package private(set) var statement: String?
    /// Whether a commit may have happened nevertheless: the connection was lost, or dropped, before the server had
    /// answered.
    package internal(set) var isOutcomeUnknown = false
    /// Whether the server ended the session with it (FATAL, PANIC), or the connection was lost.
    private(set) var endsSession = false
    /// Whether the statement failed only because it was prepared before the schema changed.
    var isStalePlan = false

    init(_ kind: Kind, _ message: String, remedy: String? = nil, statement: String? = nil) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.statement = statement
        endsSession = kind == .connection
    }

    static func decoding(_ message: String, remedy: String, statement: String? = nil) -> Self {
        Self(.decoding, message, remedy: remedy, statement: statement)
    }

    /// The server's code, when the error is the server's.
    package var sqlState: SQLState? {
        if case .server(let state) = kind { state } else { nil }
    }

    /// Whether the same work, done again from the beginning, may succeed without any other change.
    ///
    /// After `.connection` and `.deadlineExceeded` a commit may have happened nevertheless: repeat only what is fenced.
    package var isRetriable: Bool {
        switch kind {
        case .connection, .deadlineExceeded, .poolExhausted: true
        case .closed, .decoding, .misuse: false
        case .server(let state):
            ["08", "40", "53"].contains(state.conditionClass)
                || [.lockNotAvailable, .adminShutdown, .crashShutdown, .cannotConnectNow].contains(state)
        }
    }

    /// Whether the server refuses the values themselves (class 22, data exception; class 23, integrity constraint violation):
    /// the same statement with the same values is refused again.
    package var isRefusedValue: Bool {
        ["22", "23"].contains(sqlState?.conditionClass)
    }

    mutating func locate(statement: String? = nil, column: String? = nil) {
        self.statement = self.statement ?? statement
        self.column = self.column ?? column
    }
}

extension PostgresError: CustomStringConvertible {
    static let lookFirst = "It is not known whether it took effect; check before you repeat it."

    /// One line: statement, what happened, what to do.
    package var description: String {
        var text = statement.map { "\($0): " } ?? ""
        text += message
        if let sqlState { text += " [\(sqlState)]" }
        if let column, kind == .decoding { text += ", column '\(column)'" }
        if let constraint { text += ", constraint '\(constraint)'" }
        if let detail { text += ". \(detail)" }
        if let advice = isOutcomeUnknown ? Self.lookFirst : remedy ?? hint {
            text += text.hasSuffix(".") ? " \(advice)" : ". \(advice)"
        }
        return text
    }
}

extension PostgresError {
    /// The fields of an error report of the server.
    struct Report {
        var state: SQLState
        /// `ERROR`, `FATAL` or `PANIC`, whatever the server's language.
        var severity: String?
        var message: String
        var detail: String?
        var hint: String?
        var constraint: String?
        var table: String?
        var column: String?
    }

    init(_ report: Report, statement: String?) {
        // Class 22, data exception: the message quotes the offending value.
        let quotesValue = report.state.conditionClass == "22"
        self.init(
            .server(report.state),
            quotesValue ? Redaction.quoted(report.message) : report.message,
            statement: statement
        )
        endsSession = ["FATAL", "PANIC"].contains(report.severity)
        detail = report.detail.map(Redaction.parenthesized)
        hint = report.hint
        constraint = report.constraint
        table = report.table
        column = report.column
    }
}
