// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A socket that listens and never answers. The kernel completes the handshakes, so every SYN is seen.
final class LoopbackListener {
    let port: Int
    private let descriptor: Int32

    /// Listens on all IPv4 and IPv6 addresses of this machine, or on one IPv4 address only.
    init(_ address: String? = nil, port: Int = 0) throws {
        let descriptor = socket(
            address == nil ? AF_INET6 : AF_INET,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        var bound: Int32
        if let address {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = in_port_t(port).bigEndian
            inet_pton(AF_INET, address, &name.sin_addr)
            bound = withUnsafeBytes(of: name) { Self.bind(descriptor, $0) }
        } else {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = in_port_t(port).bigEndian
            bound = withUnsafeBytes(of: name) { Self.bind(descriptor, $0) }
        }
        guard bound == 0, listen(descriptor, 128) == 0 else { throw Errno(rawValue: errno) }
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // The port stands at the same place in the addresses of both families.
        bound = withUnsafeMutableBytes(of: &name) { bytes in
            getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard bound == 0 else { throw Errno(rawValue: errno) }
        self.descriptor = descriptor
        self.port = Int(in_port_t(bigEndian: name.sin6_port))
    }

    deinit { close(descriptor) }

    /// How many connections have been made since the last call.
    func connections() -> Int {
        var count = 0
        while true {
            let connection = accept(descriptor, nil, nil)
            if connection < 0 { return count }
            close(connection)
            count += 1
        }
    }

    private static func bind(_ descriptor: Int32, _ name: UnsafeRawBufferPointer) -> Int32 {
        Glibc.bind(descriptor, name.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(name.count))
    }
}
