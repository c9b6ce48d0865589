// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The service manager that started this process and wants its status: systemd, or another that speaks its protocol
/// (sd_notify(3)).
package struct ServiceManager: Hashable, Sendable {
    private let socket: String
    /// The watchdog's interval: without a sign of life for this long, the service manager takes the process for hung;
    /// `nil`: no watchdog.
    package let watchdog: Duration?

    /// `nil` when no service manager wants the status.
    ///
    /// - Parameter environment: The process's own: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    package init?(environment: [String: String], process: Int32 = getpid()) {
        guard let socket = environment["NOTIFY_SOCKET"], socket.first == "/" || socket.first == "@" else { return nil }
        self.socket = socket
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        watchdog = environment["WATCHDOG_USEC"].flatMap(Int64.init)
            .flatMap { isMeant && $0 > 0 ? .microseconds($0) : nil }
    }

    /// Sends it as one datagram. Never waits; throws when the socket does not take it.
    package func tell(_ notices: [Notice]) throws(NoticeFailure) {
        let text = notices.map(\.text).joined(separator: "\n")
        let sent = text.utf8.withContiguousStorageIfAvailable { stoker_send_notice(socket, $0.baseAddress, $0.count) }
        guard sent == 0 else { throw NoticeFailure(errno: errno) }
    }
}

/// One status message to a service manager.
package enum Notice: Hashable, Sendable {
    /// The service has started.
    case ready
    /// The service ends.
    case stopping
    /// A line for people.
    case status(String)
    /// A watchdog heartbeat.
    case alive
    /// Extends the time-out of the start or the stop by this much from now.
    case moreTime(Duration)

    /// The lines of the notification (sd_notify).
    package var text: String {
        switch self {
        case .ready: "READY=1"
        case .stopping: "STOPPING=1"
        case .status(let line): "STATUS=" + line.split(whereSeparator: \.isNewline).joined(separator: " ")
        case .alive: "WATCHDOG=1"
        case .moreTime(let time):
            "EXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000)"
        }
    }
}

/// The service manager's socket took no datagram.
package struct NoticeFailure: Error, Hashable, CustomStringConvertible {
    package let errno: Int32

    package init(errno: Int32) {
        self.errno = errno
    }

    package var description: String {
        "the service manager's socket (NOTIFY_SOCKET) takes no messages: error \(errno)"
    }
}
