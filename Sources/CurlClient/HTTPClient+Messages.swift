// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

extension HTTPClient {
    /// A request, to be sent once.
    package struct Request: Sendable {
        /// GET, POST or DELETE.
        package var method: HTTPRequest.Method
        package var url: EndpointURL
        package var headers: HTTPFields
        /// Sent unchanged; empty for GET.
        package var body: [UInt8]
        /// Requests of one key share ``HTTPClientConfiguration/maximumTransfersPerKey``; `nil`: the URL's origin.
        package var concurrencyKey: String?
        /// Takes the answer's body in parts as they come, on the client's thread, instead of the response. Then the transfer
        /// may last for as long as something comes at least every 30 s.
        package var onBody: (@Sendable ([UInt8]) -> Void)?

        package init(
            _ url: EndpointURL,
            method: HTTPRequest.Method = .post,
            headers: HTTPFields = [:],
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
    package struct Response: Hashable, Sendable {
        package let status: HTTPResponse.Status
        package let headers: HTTPFields
        /// At most ``HTTPClientConfiguration/maximumBodySize`` bytes; the rest was not read.
        package let body: [UInt8]
        /// Whether the body was longer than what was read.
        package let isTruncated: Bool
        /// The address that answered.
        package let address: IPAddress?
        /// From the moment the transfer began, waiting for a free slot not counted.
        package let latency: Duration

        package init(
            status: HTTPResponse.Status,
            headers: HTTPFields = [:],
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
    }
}

extension HTTPFields {
    /// Headers from elsewhere. Throws ``HTTPFailure`` with the code `invalidRequest` for a header that cannot be sent:
    /// its name is no token, or its value contains a line break (RFC 9110, 5.5).
    package init(checking headers: some Sequence<(key: String, value: String)>) throws(HTTPFailure) {
        self.init()
        for (text, value) in headers {
            guard let name = HTTPField.Name(text), value.utf8.allSatisfy({ ($0 >= 32 && $0 != 127) || $0 == 9 }) else {
                throw HTTPFailure(.invalidRequest, "the header '\(text.prefix(64).debugDescription)' cannot be sent")
            }
            append(HTTPField(name: name, value: value))
        }
    }
}

extension HTTPField.Name {
    /// A name that is a literal in the source.
    package init(known name: StaticString) {
        guard let name = Self("\(name)") else { preconditionFailure("\(name) is no token") }
        self = name
    }
}
