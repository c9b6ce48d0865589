// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Testing
import Time
import Webhooks

@Suite struct EndpointTargetTests {
    private func target(_ envelope: Envelope, _ headers: [HTTPHeader] = [], keys: [SigningKey]) throws -> EndpointTarget
    {
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
        let target = try target(.coder, [HTTPHeader("Authorization", "Bearer x")], keys: [key])
        let request = try target.request(
            id: Samples.delivery,
            body: [1, 2],
            contentType: "application/json",
            at: Samples.now,
            trace: [HTTPHeader("traceparent", "00-0-0-00")]
        )
        #expect(
            request.headers == [
                HTTPHeader("Authorization", "Bearer x"),
                HTTPHeader("Content-Type", "application/json"),
                HTTPHeader("webhook-id", "\(Samples.delivery)"),
                HTTPHeader("webhook-timestamp", "\(Samples.now.seconds)"),
                HTTPHeader(
                    "webhook-signature",
                    try Signature(of: [1, 2], id: "\(Samples.delivery)", at: Samples.now, keys: [key]).signatures
                ),
                HTTPHeader("X-Message-Id", "\(Samples.delivery)"),
                HTTPHeader("traceparent", "00-0-0-00"),
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
            try target(.standard, [HTTPHeader(name, value)], keys: [])
        }
        #expect(error?.description == message)
    }
}
