// SPDX-License-Identifier: Apache-2.0

import Basics
import CLibPQ
import Glibc
import Logging

/// One libpq connection in non-blocking pipeline mode. Belongs to one session; only its thread calls it.
final class Connection {
    enum Progress { case reading, writing, done, failed }

    private let pointer: OpaquePointer
    private let notices: NoticeLog

    /// Starts to connect; ``advance()`` continues.
    init(_ configuration: PostgresConfiguration, logger: Logger) throws {
        // The later entry wins, and what the connection string says is expanded in its place.
        var options: [(String, String)] = [
            ("fallback_application_name", configuration.applicationName),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
        ]
        if !configuration.connectionString.isEmpty { options.append(("dbname", configuration.connectionString)) }
        if let database = configuration.database { options.append(("dbname", database)) }
        options.append(("client_encoding", "UTF8"))
        let started = withCStrings(options.map(\.0)) { keywords in
            withCStrings(options.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let started else {
            throw PostgresError.resources("libpq has no memory for a connection", SystemError(ENOMEM))
        }
        pointer = started
        notices = NoticeLog(logger: logger)
        // So that a refusal carries its SQLSTATE; see `ConnectFailure`.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context else { return }
                Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().record(result)
            },
            Unmanaged.passUnretained(notices).toOpaque()
        )
    }

    deinit {
        PQfinish(pointer)
    }

    var isBroken: Bool { PQstatus(pointer) == CONNECTION_BAD }
    var socket: Int32 { PQsocket(pointer) }
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }
    var errorMessage: String { String(cString: PQerrorMessage(pointer)) }

    /// Whether libpq did not understand the connection string.
    var isUnparsed: Bool { PQdb(pointer) == nil }

    /// The destination without secrets: `database 'stoker' at db.example:5432`.
    var destination: String {
        func text(_ value: UnsafeMutablePointer<CChar>?) -> String { value.map { String(cString: $0) } ?? "" }
        guard !isUnparsed else { return "the database" }
        let host = text(PQhost(pointer))
        let port = text(PQport(pointer))
        let place = host.isEmpty ? "" : " at \(host)" + (port.isEmpty ? "" : ":\(port)")
        return "database '\(text(PQdb(pointer)))'\(place)"
    }

    /// Continues to connect. `.reading` and `.writing` say which readiness of the socket it needs first.
    func advance() -> Progress {
        switch PQconnectPoll(pointer) {
        case PGRES_POLLING_OK: .done
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        default: .failed
        }
    }

    /// Prepares a connection just made for use.
    func becomeReady() -> Bool {
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return PQsetnonblocking(pointer, 1) == 0 && PQenterPipelineMode(pointer) == 1
    }

    func makeCancelHandle() -> OpaquePointer? {
        PQgetCancel(pointer)
    }

    // MARK: Sending. Each returns whether libpq took it.

    func sendPrepare(_ name: String, _ key: PreparedStatements.Key) -> Bool {
        PQsendPrepare(pointer, name, key.text, Int32(key.types.count), key.types) == 1
    }

    func sendPrepared(_ name: String, _ parameters: Parameters) -> Bool {
        parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(pointer, name, Int32(parameters.count), values, lengths, formats, 1) == 1
        }
    }

    func sendUnnamed(_ sql: SQL) -> Bool {
        sql.parameters.withPointers { values, lengths, formats in
            let count = Int32(sql.parameters.count)
            return PQsendQueryParams(pointer, sql.text, count, sql.parameters.types, values, lengths, formats, 1) == 1
        }
    }

    func sendSync() -> Bool {
        PQpipelineSync(pointer) == 1
    }

    /// Sends a script by the simple protocol; ``endScript()`` must follow when its results have been read.
    func sendScript(_ text: String) -> Bool {
        PQexitPipelineMode(pointer) == 1 && PQsendQuery(pointer, text) == 1
    }

    func endScript() -> Bool {
        PQenterPipelineMode(pointer) == 1
    }

    // MARK: Receiving

    enum Flush { case done, pending, failed }

    func flush() -> Flush {
        switch PQflush(pointer) {
        case 0: .done
        case 1: .pending
        default: .failed
        }
    }

    /// Whether ``nextResult()`` would have to wait.
    var isBusy: Bool { PQisBusy(pointer) == 1 }

    /// Reads what the socket holds; `false` when the connection is lost.
    func consumeInput() -> Bool { PQconsumeInput(pointer) == 1 }

    func nextResult() -> OpaquePointer? { PQgetResult(pointer) }

    func nextNotification() -> Notification? {
        guard let notification = PQnotifies(pointer) else { return nil }
        defer { PQfreemem(notification) }
        return Notification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra)
        )
    }
}

/// Writes the server's notices to the log.
private final class NoticeLog {
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func record(_ result: OpaquePointer?) {
        let report = PostgresError.Report(result)
        let text = PostgresError(report, statement: nil).message
        logger.debug("postgres notice", metadata: ["pg.message": "\(text)", "pg.sqlstate": "\(report.state)"])
    }
}

/// Calls the body with a `nil`-terminated array of C strings.
private func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
    var bytes: [CChar] = []
    let offsets = strings.map { string in
        defer { bytes.append(contentsOf: string.utf8CString) }
        return bytes.count
    }
    return bytes.withUnsafeBufferPointer { buffer in
        let pointers = offsets.map { offset in buffer.baseAddress.map { $0 + offset } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
