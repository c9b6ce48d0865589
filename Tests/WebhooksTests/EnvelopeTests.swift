// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Testing
import Webhooks

@Suite struct EnvelopeTests {
    private func parsed(_ message: Delivery) throws -> JSON {
        try JSON(parsing: String(decoding: message.body, as: UTF8.self))
    }

    @Test func `Coder's envelope makes a request for each recipient, each with an id of its own`() throws {
        var event = Samples.event(.workspaceResourceReplaced)
        event.recipients = [Samples.admin, Samples.second]
        let messages = Envelope.coder.messages(for: event)
        #expect(messages.map(\.recipientID) == [Samples.admin.id, Samples.second.id])
        #expect(Set(messages.map(\.id)).count == 2)
        for message in messages {
            let body = try parsed(message)
            #expect(body["msg_id"]?.text == "\(message.id)")
            #expect(body["payload"]?["user_id"]?.text == message.recipientID.map { "\($0)" })
        }
    }

    @Test func `an event for nobody in particular still reaches an endpoint of Coder's envelope`() throws {
        var event = Samples.event(.ping)
        event.recipients = []
        let messages = Envelope.coder.messages(for: event)
        #expect(messages.map(\.recipientID) == [nil])
        #expect(try parsed(messages[0])["payload"]?["user_id"] == "00000000-0000-0000-0000-000000000000")
    }

    @Test func `the other envelopes make one request for all recipients`() throws {
        var event = Samples.event(.poolDepleted)
        event.recipients = [Samples.admin, Samples.second]
        for envelope in [Envelope.standard, .cloudevents] {
            let messages = envelope.messages(for: event)
            #expect(messages.map(\.recipientID) == [nil])
            guard case .array(let recipients) = try parsed(messages[0])["data"]?["recipients"] else {
                Issue.record("no recipients")
                return
            }
            #expect(recipients.map { $0["username"] } == ["ada", "bob"])
        }
    }

    @Test func `equal events have equal bytes`() {
        for type in EventType.allCases {
            let bodies = (0..<20).map { _ in
                Envelope.standard.messages(for: Samples.event(type)) { Samples.delivery }.map(\.body)
            }
            #expect(Set(bodies).count == 1)
        }
    }

    @Test func `an event of a newer release is passed on under its own name`() throws {
        var event = Samples.event(.ping)
        event.type = "quota_nearly_used_up"
        event.data = ["used": .number(0.95)]
        let body = try parsed(Envelope.standard.messages(for: event)[0])
        #expect(body["type"] == "quota_nearly_used_up")
        #expect(body["data"]?["title"] == "Quota Nearly Used Up")
        #expect(body["data"]?["used"] == .number(0.95))
    }

    @Test(arguments: Envelope.allCases)
    func `a body beyond 20 KiB is cut, says so, and keeps what it is about`(envelope: Envelope) throws {
        var event = Samples.event(.workspaceBuildFailed)
        event.data["log"] = .string(String(repeating: "é\u{1}\"", count: 10_000) + "the end")
        event.data["error"] = .string(String(repeating: "x", count: 30_000))
        event.data["extra"] = .array((0..<5_000).map { ["number": .number($0)] })
        event.recipients = (0..<20).map { number in
            Recipient(id: UserID(high: 1, low: UInt64(number)), username: "user-\(number)")
        }
        let message = try #require(envelope.messages(for: event).first)
        #expect(message.body.count <= 20 * 1024)
        let body = try parsed(message)
        let data = envelope == .coder ? body["payload"]?["data"] : body["data"]
        #expect(data?["truncated"] == true)
        #expect(data?["workspace"] == event.data["workspace"])
        #expect(data?["log"]?.text?.hasSuffix("the end") == true)
    }

    @Test func `however an event is made, its body never exceeds 20 KiB`() {
        var nested = JSON.string(String(repeating: "n", count: 200))
        for _ in 0..<6 { nested = .array(Array(repeating: nested, count: 4)) }
        var event = Samples.event(.ping)
        event.data = ["nested": nested]
        event.labels = Dictionary(
            uniqueKeysWithValues: (0..<200).map { ("label\($0)", String(repeating: "\u{1}", count: 200)) }
        )
        event.targets = (0..<9_000).map { "target \($0)" }
        event.subject = String(repeating: "s", count: 90_000)
        for envelope in Envelope.allCases {
            #expect(envelope.messages(for: event).allSatisfy { $0.body.count <= 20 * 1024 })
        }
    }

    @Test func `a body of exactly 20 KiB is whole, one more byte cuts it`() throws {
        var event = Samples.event(.ping)
        event.data = ["padding": ""]
        let size = Envelope.standard.messages(for: event)[0].body.count
        event.data["padding"] = .string(String(repeating: "x", count: 20 * 1024 - size))
        let whole = Envelope.standard.messages(for: event)[0]
        #expect(whole.body.count == 20 * 1024)
        #expect(try parsed(whole)["data"]?["truncated"] == nil)
        event.data["padding"] = .string(String(repeating: "x", count: 20 * 1024 - size + 1))
        #expect(try parsed(Envelope.standard.messages(for: event)[0])["data"]?["truncated"] == true)
    }
}
