// SPDX-License-Identifier: Apache-2.0

/// The address that the server listens on.
package struct HTTPConfiguration: Hashable, Sendable {
    package var address: HTTPAddress

    package init(address: HTTPAddress = HTTPAddress(host: "127.0.0.1", port: 8080)) {
        self.address = address
    }
}

/// A host and a port, as in `127.0.0.1:8080`, `[::1]:8080` and `localhost:8080`.
package struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    package let host: String
    /// 0 lets the system choose a free port.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; `nil` for anything else. An IPv6 address is in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(where: { "[]:".contains($0) }) {
            return nil
        }
        guard !host.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else {
            return nil
        }
        self.init(host: String(host), port: Int(port))
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
