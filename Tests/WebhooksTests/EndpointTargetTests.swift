// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import Testing
import Time
import Webhooks

@Suite struct EndpointTargetTests {
    private func target(
        _ envelope: Envelope,
        _ headers: [String: String] = [:],
        keys: [SigningKey]
    ) throws -> EndpointTarget {
        try EndpointTarget(
            url: EndpointURL("https://example.com/hook"),
            envelope: envelope,
            keys: keys,
            headers: headers,
            concurrencyKey: "endpoint"
        )
    }

    @Test func `a request has the operator's headers, the signature and the envelope's own`() throws {
        let key = try SigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let target = try target(.coder, ["Authorization": "Bearer x"], keys: [key])
        let request = try target.request(
            id: Samples.delivery,
            body: [1, 2],
            contentType: "application/json",
            at: Samples.now,
            trace: [.traceparent: "00-0-0-00"]
        )
        #expect(
            Array(request.headers) == [
                HTTPField(name: .authorization, value: "Bearer x"),
                HTTPField(name: .contentType, value: "application/json"),
                HTTPField(name: .webhookID, value: "\(Samples.delivery)"),
                HTTPField(name: .webhookTimestamp, value: "\(Samples.now.seconds)"),
                HTTPField(
                    name: .webhookSignature,
                    value: try Signature(of: [1, 2], id: "\(Samples.delivery)", at: Samples.now, keys: [key]).signatures
                ),
                HTTPField(name: .messageID, value: "\(Samples.delivery)"),
                HTTPField(name: .traceparent, value: "00-0-0-00"),
            ]
        )
        #expect(request.body == [1, 2])
        #expect(request.concurrencyKey == "endpoint")
    }

    @Test(arguments: [
        ("webhook-id", "x", "the header 'webhook-id' is set by the sender and cannot be changed"),
        ("Webhook-Anything", "x", "the header 'Webhook-Anything' is set by the sender and cannot be changed"),
        ("Host", "x", "the header 'Host' is set by the sender and cannot be changed"),
        ("Content-Length", "x", "the header 'Content-Length' is set by the sender and cannot be changed"),
        (
            "X-A", "1\r\nHost: x",
            "the header \"X-A\" cannot be sent: a name is made of letters, digits and hyphens, a value has no line break"
        ),
    ])
    func `a header that is not the operator's to set is an error`(name: String, value: String, message: String) throws {
        let error = #expect(throws: EndpointTargetError.self) {
            try target(.standard, [name: value], keys: [])
        }
        #expect(error?.description == message)
    }
}
