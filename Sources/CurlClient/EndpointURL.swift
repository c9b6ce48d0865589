// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// An `http` or `https` URL that requests may be sent to. libcurl, which will connect to it, also parses it, so that
/// the check and the connection never read the same text differently.
///
/// It never holds credentials. Path and query may still be secrets (many chat services put a token there): log
/// ``origin``, not ``text``.
package struct EndpointURL: Hashable, Sendable {
    /// The whole URL in libcurl's normal form.
    package let text: String
    /// Whether it is `http`, without TLS.
    package let isPlain: Bool
    /// Name or address, without brackets.
    package let host: String
    package let port: Int

    /// Reads and checks a URL. Nothing is resolved and nothing is connected to.
    package init(_ text: String) throws(EndpointURLError) {
        guard text.utf8.count <= 4096 else { throw .tooLong }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw .malformed }
        // libcurl takes any number of slashes and would make a host of the first word of a path.
        guard let slashes = text.firstRange(of: "://") else { throw .scheme }
        guard let handle = curl_url() else { throw .malformed }
        defer { curl_url_cleanup(handle) }

        let flags = UInt32(CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME)
        switch curl_url_set(handle, CURLUPART_URL, text, flags) {
        case CURLUE_OK: break
        case CURLUE_USER_NOT_ALLOWED: throw .credentials
        case CURLUE_BAD_SCHEME, CURLUE_NO_SCHEME, CURLUE_UNSUPPORTED_SCHEME: throw .scheme
        case CURLUE_NO_HOST: throw .noHost
        case CURLUE_BAD_PORT_NUMBER: throw .port
        default: throw .malformed
        }

        func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else { throw .scheme }
        guard let first = text[slashes.upperBound...].first, first != "/" else { throw .noHost }
        guard let host = part(CURLUPART_HOST), !host.isEmpty else { throw .noHost }
        guard part(CURLUPART_FRAGMENT) == nil else { throw .fragment }
        guard let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) }), port > 0 else {
            throw .port
        }
        guard let normal = part(CURLUPART_URL) else { throw .malformed }
        self.text = normal
        self.isPlain = scheme == "http"
        self.host = host.first == "[" ? String(host.dropFirst().dropLast()) : host
        self.port = port
    }

    /// The host when it is written as an address.
    package var address: IPAddress? { IPAddress(host) }

    /// Whether the host is a name that only this machine has (RFC 6761, 6.3).
    package var isLocalName: Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// Scheme, host and port: what may be logged.
    package var origin: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(isPlain ? "http" : "https")://\(host):\(port)"
    }
}

extension EndpointURL: CustomStringConvertible {
    /// ``origin``, so that a URL printed by accident tells no secret.
    package var description: String { origin }
}

/// What is wrong with a URL. The text itself is not repeated: it may hold a password.
package enum EndpointURLError: Error, Hashable, CustomStringConvertible {
    case malformed, scheme, credentials, noHost, port, fragment, tooLong

    package var description: String {
        switch self {
        case .malformed: "the URL cannot be read; write it as https://host/path, with spaces as %20"
        case .scheme: "the URL must begin with https:// (or http:// where that is allowed)"
        case .credentials: "the URL holds a user name or password; put an Authorization header on the endpoint instead"
        case .noHost: "the URL names no host; write it as https://host/path"
        case .port: "the URL's port must be a number from 1 to 65535"
        case .fragment: "the URL has a fragment ('#...'), which is never sent; remove it"
        case .tooLong: "the URL is longer than 4096 bytes"
        }
    }
}
