// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operations

extension Response {
    /// An answer that is valid only at this moment, so that nobody caches it.
    init(_ status: HTTPResponse.Status, _ body: ByteBuffer, type: String, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.cacheControl] = "no-store"
        if body.readableBytes > 0 { headers[.contentType] = type }
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// Server-sent events (HTML Living Standard, 9.2), which the body writes until it returns.
    init(events body: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void) {
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store",
            // Proxies that buffer answers would delay the events.
            .accelBuffering: "no",
        ]
        self.init(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                try await body(&writer)
                try await writer.finish(nil)
            }
        )
    }
}

extension ByteBuffer {
    init(json value: some Encodable) throws {
        self.init(bytes: try JSONEncoder.sorted.encode(value))
    }

    /// One server-sent event. A line of its head looks like `id: 7`.
    init(event head: String..., data: some Encodable) throws {
        let data = String(decoding: try JSONEncoder.sorted.encode(data), as: UTF8.self)
        self.init(string: (head + ["data: \(data)"]).joined(separator: "\n") + "\n\n")
    }
}

extension HTTPField.Name {
    fileprivate static let accelBuffering = Self(known: "X-Accel-Buffering")
    static let referrerPolicy = Self(known: "Referrer-Policy")
}
