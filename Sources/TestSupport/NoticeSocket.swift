// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
package import SystemPackage

/// A service manager's socket (sd_notify(3)): keeps every datagram that it gets.
package final class NoticeSocket: Sendable {
    package let path: FilePath
    private let descriptor: Int32
    private let datagrams = WatchedState<[String]>([])

    /// Listens on `notify` in the directory, whose path must be short.
    package init(in directory: FilePath) throws {
        path = directory.appending("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.string.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw Errno(rawValue: errno) }
        DispatchQueue(label: "notices").async { [descriptor, datagrams] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                datagrams.update { $0.append(text) }
            }
            Glibc.close(descriptor)
        }
    }

    deinit {
        // Ends the receiving thread, which closes it.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Takes out the first datagram that has all these lines, and all before it.
    @discardableResult
    package func next(_ lines: String..., within limit: Duration = .seconds(30)) async throws -> [String] {
        try await datagrams.first("a notice of \(lines)", within: limit) { datagrams in
            for (index, datagram) in datagrams.enumerated() {
                let found = datagram.split(separator: "\n").map(String.init)
                guard lines.allSatisfy(found.contains) else { continue }
                datagrams.removeFirst(index + 1)
                return found
            }
            return nil
        }
    }
}
