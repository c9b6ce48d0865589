// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

extension Envelope {
    /// The payload for existing receivers of Coder's webhook notifications (`_version` 1.1, payload 1.2).
    static func coderPayload(_ event: Event, for recipient: Recipient?, id: DeliveryID, isCut: Bool) -> JSON {
        let description = EventCatalogue.description(of: event.type)
        let nobody = Recipient(id: UserID(high: 0, low: 0), username: "")
        let user = recipient ?? nobody
        var data = event.data
        // In this payload, each resource's paths are one text.
        if let replacements = data["replacements"]?.members {
            data["replacements"] = .object(replacements.mapValues { .string($0.joinedText) })
        }
        data["truncated"] = isCut ? true : data["truncated"]
        let title = event.title
        let body = event.body
        return [
            "_version": "1.1",
            "msg_id": .string("\(id)"),
            "payload": [
                "_version": "1.2",
                "notification_name": .string(description.notificationName),
                "notification_template_id": .string(description.templateID),
                "user_id": .string("\(user.id)"),
                "user_email": .string(user.email),
                "user_name": .string(user.name),
                "user_username": .string(user.username),
                "actions": [],
                "labels": .object(event.labels.mapValues { .string($0) }),
                "data": .object(data),
                "targets": .array(event.targets.map { .string($0) }),
            ],
            "title": .string(title.plain),
            "title_markdown": .string(title.markdown),
            "body": .string(body.plain),
            "body_markdown": .string(body.markdown),
        ]
    }
}
