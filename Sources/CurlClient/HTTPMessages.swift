// SPDX-License-Identifier: Apache-2.0

/// One header line of a request or a response.
package struct HTTPHeader: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether it can be sent as it is: a token as name, and a value that cannot begin another line (RFC 9110, 5.5).
    package var isWellFormed: Bool {
        !name.isEmpty && name.utf8.allSatisfy(Self.isTokenByte)
            && value.utf8.allSatisfy { ($0 >= 32 && $0 != 127) || $0 == 9 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// A request, to be sent once.
package struct HTTPRequest: Sendable {
    /// The methods that clients and webhooks use.
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    package var url: EndpointURL
    package var headers: [HTTPHeader]
    /// Sent unchanged; empty for GET.
    package var body: [UInt8]
    /// Requests of one key share ``HTTPClientConfiguration/maximumTransfersPerKey``; `nil`: the URL's origin.
    package var concurrencyKey: String?
    /// Takes the answer's body in parts as they come, on the client's thread, instead of the response. Then the transfer
    /// may last for as long as something comes at least every 30 s.
    package var onBody: (@Sendable ([UInt8]) -> Void)?

    package init(
        _ url: EndpointURL,
        method: Method = .post,
        headers: [HTTPHeader] = [],
        body: [UInt8] = [],
        concurrencyKey: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.concurrencyKey = concurrencyKey
    }
}

/// What a server answered, whatever the status.
package struct HTTPResponse: Hashable, Sendable {
    package let status: Int
    package let headers: [HTTPHeader]
    /// At most ``HTTPClientConfiguration/maximumBodySize`` bytes; the rest was not read.
    package let body: [UInt8]
    /// Whether the body was longer than what was read.
    package let isTruncated: Bool
    /// The address that answered.
    package let address: IPAddress?
    /// From the moment the transfer began, waiting for a free slot not counted.
    package let latency: Duration

    package init(
        status: Int,
        headers: [HTTPHeader] = [],
        body: [UInt8] = [],
        isTruncated: Bool = false,
        address: IPAddress? = nil,
        latency: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isTruncated = isTruncated
        self.address = address
        self.latency = latency
    }

    /// The value of the first header of that name, in either case.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
