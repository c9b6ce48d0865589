// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import SystemPackage

/// A TCP connection to this machine that sends exactly the given bytes and returns the answer: for requests that no
/// well-behaved client sends.
package final class RawConnection: Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "test.raw")

    /// Connects. The limit applies to each later read and write.
    package init(port: Int, limit: Duration = .seconds(20)) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        var timeout = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        let connected = withUnsafeBytes(of: name) {
            connect(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard connected == 0 else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Sends all bytes. It is no error when the peer does not read them: its answer says why.
    package func send(_ bytes: [UInt8]) async {
        await run { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if sent < 0, errno == EINTR { continue }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// Closes the sending direction.
    package func finish() async {
        await run { [descriptor] in _ = shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// The received bytes, until they satisfy the condition or the other side ends the connection. Throws when neither
    /// happens within the limit.
    package func read(until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async throws -> [UInt8] {
        let result: Result<[UInt8], Errno> = await run { [descriptor] in
            var received: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while !isEnough(received) {
                let count = recv(descriptor, &chunk, chunk.count, 0)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN { return .failure(.timedOut) }
                // A reset ends the connection, too.
                guard count > 0 else { break }
                received += chunk[..<count]
            }
            return .success(received)
        }
        return try result.get()
    }

    private func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}

extension RawConnection {
    /// Sends the bytes on a new connection and returns everything until the other side ends it.
    ///
    /// - Parameter finishing: Whether to close the sending direction: without it, a peer may wait for more.
    package static func answer(
        to bytes: [UInt8],
        port: Int,
        finishing: Bool = true,
        limit: Duration = .seconds(20)
    ) async throws -> String {
        let connection = try RawConnection(port: port, limit: limit)
        await connection.send(bytes)
        if finishing { await connection.finish() }
        return String(decoding: try await connection.read(), as: UTF8.self)
    }
}
