// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The messages between worker and guard over their socket, one datagram each.
///
/// Times are nanoseconds on the boot clock, which both read.
enum GuardMessage: Equatable {
    // From the worker.
    case renew(GuardLease)
    case interrupt
    case kill

    // From the guard.
    case started(pid: Int32)
    case notStarted(errno: Int32)
    case ending(GuardCause)
    case ended(waitStatus: Int32)

    /// A tag and two numbers of 64 bits, in the machine's own byte order, since both ends are one binary.
    static let size = 17

    private var parts: (tag: UInt8, first: Int64, second: Int64) {
        switch self {
        case .renew(let lease): (1, lease.interruptAt, lease.killAt)
        case .interrupt: (2, 0, 0)
        case .kill: (3, 0, 0)
        case .started(let pid): (4, Int64(pid), 0)
        case .notStarted(let errno): (5, Int64(errno), 0)
        case .ending(let cause): (6, cause.rawValue, 0)
        case .ended(let waitStatus): (7, Int64(waitStatus), 0)
        }
    }

    var bytes: [UInt8] {
        let (tag, first, second) = parts
        return [tag] + withUnsafeBytes(of: (first, second)) { Array($0) }
    }

    init?(bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.size else { return nil }
        let first = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 1, as: Int64.self) }
        let second = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 9, as: Int64.self) }
        switch bytes[0] {
        case 1: self = .renew(GuardLease(interruptAt: first, killAt: second))
        case 2: self = .interrupt
        case 3: self = .kill
        case 4: self = .started(pid: Int32(truncatingIfNeeded: first))
        case 5: self = .notStarted(errno: Int32(truncatingIfNeeded: first))
        case 6:
            guard let cause = GuardCause(rawValue: first) else { return nil }
            self = .ending(cause)
        case 7: self = .ended(waitStatus: Int32(truncatingIfNeeded: first))
        default: return nil
        }
    }

    /// Sends it without blocking. `false` when the other side is gone or does not read.
    @discardableResult
    func send(over socket: Int32) -> Bool {
        bytes.withUnsafeBytes { stoker_send_message(socket, $0.baseAddress, $0.count) } == 0
    }

    /// The result of receiving from the socket.
    enum Received: Equatable {
        case message(GuardMessage)
        case nothing
        case closed
    }

    /// Receives one message without blocking.
    static func receive(from socket: Int32) -> Received {
        var buffer = [UInt8](repeating: 0, count: size)
        while true {
            let count = recv(socket, &buffer, size, Int32(MSG_DONTWAIT))
            if count < 0 && errno == EINTR { continue }
            // The other side is gone and has not read all of our messages. Its own messages before that can still be
            // read.
            if count < 0 && errno == ECONNRESET { continue }
            if count < 0 && errno == EAGAIN { return .nothing }
            guard count > 0 else { return .closed }
            if let message = GuardMessage(bytes: buffer.prefix(count)) { return .message(message) }
        }
    }
}

/// The end of the child's lease: when it is interrupted, and when the rest of it is killed.
struct GuardLease: Equatable, Sendable {
    var interruptAt: Int64
    var killAt: Int64
}

/// Why a guard ended its child.
enum GuardCause: Int64, Equatable, Sendable {
    /// The worker asked for it.
    case order = 1
    /// The lease was not renewed in time.
    case lease = 2
    /// The worker has gone.
    case workerGone = 3
}
