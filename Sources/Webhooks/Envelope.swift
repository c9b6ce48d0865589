// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import Time

/// The content of requests to an endpoint.
extension Envelope {
    /// The maximum length of a body in bytes.
    package static let maximumBodySize = 20 * 1024

    /// The `Content-Type` of its requests.
    package var contentType: String {
        switch self {
        case .standard, .coder: "application/json"
        case .cloudevents: "application/cloudevents+json"
        }
    }

    /// The requests about an event: one, or with ``coder`` one for each recipient.
    ///
    /// With ``coder``, an event without recipients is sent once, with an empty user. A body that would exceed
    /// ``maximumBodySize`` is cut and says `"truncated": true`.
    ///
    /// - Parameter makeID: The id of each request; tests pass their own.
    package func deliveries(
        of event: Event,
        to endpoint: EndpointID,
        makeID: () -> DeliveryID = { .random() }
    ) -> [Delivery] {
        let recipients: [Recipient?] = self != .coder || event.recipients.isEmpty ? [nil] : event.recipients
        return recipients.map { recipient in
            let id = makeID()
            return Delivery(
                id: id,
                eventID: event.id,
                endpointID: endpoint,
                recipientID: recipient?.id,
                body: Truncation.body(of: event, within: Self.maximumBodySize) { event, isCut in
                    content(of: event, for: recipient, id: id, isCut: isCut)
                },
                contentType: contentType
            )
        }
    }

    private func content(of event: Event, for recipient: Recipient?, id: DeliveryID, isCut: Bool) -> JSON {
        switch self {
        case .standard: Self.standardBody(event, isCut: isCut)
        case .cloudevents: Self.cloudEvent(event, id: id, isCut: isCut)
        case .coder: Self.coderPayload(event, for: recipient, id: id, isCut: isCut)
        }
    }

    private static func standardBody(_ event: Event, isCut: Bool) -> JSON {
        [
            "type": .string(event.type),
            "timestamp": .string(event.createdAt.iso8601),
            "data": commonData(event, isCut: isCut),
        ]
    }

    private static func cloudEvent(_ event: Event, id: DeliveryID, isCut: Bool) -> JSON {
        // The extension `sequence` is compared as text, so it has leading zeros.
        let digits = "\(event.sequence)"
        var members: [String: JSON] = [
            "specversion": "1.0",
            "id": .string("\(id)"),
            "source": "/stoker",
            "type": .string(event.type),
            "time": .string(event.createdAt.iso8601),
            "datacontenttype": "application/json",
            "sequence": .string(String(repeating: "0", count: max(0, 20 - digits.count)) + digits),
            "data": commonData(event, isCut: isCut),
        ]
        // An attribute may be absent, but not empty.
        if !event.subject.isEmpty { members["subject"] = .string(event.subject) }
        return .object(members)
    }

    /// The event's own members, and the common ones.
    private static func commonData(_ event: Event, isCut: Bool) -> JSON {
        let common: [String: JSON] = [
            "event_id": .string("\(event.id)"),
            "title": .string(event.title.plain),
            "body": .string(event.body.plain),
            "labels": .object(event.labels.mapValues { .string($0) }),
            "recipients": .array(event.recipients.map(\.json)),
            "targets": .array(event.targets.map { .string($0) }),
            "subject": .string(event.subject),
            "sequence": .number(event.sequence),
        ]
        var members = event.data.merging(common) { _, common in common }
        members["truncated"] = isCut ? true : nil
        return .object(members)
    }

    /// The JSON Schema of the common members.
    static let commonSchema: [String: JSON] = [
        "event_id": ["type": "string", "format": "uuid"],
        "title": ["type": "string"],
        "body": ["type": "string"],
        "labels": ["type": "object", "additionalProperties": ["type": "string"]],
        "recipients": [
            "type": "array", "items": ["type": "object", "required": ["id", "username", "name", "email"]],
        ],
        "targets": ["type": "array", "items": ["type": "string"]],
        "subject": ["type": "string"],
        "sequence": ["type": "integer", "minimum": 1],
        "truncated": ["const": true],
    ]
}

extension Recipient {
    fileprivate var json: JSON {
        ["id": .string("\(id)"), "username": .string(username), "name": .string(name), "email": .string(email)]
    }
}
