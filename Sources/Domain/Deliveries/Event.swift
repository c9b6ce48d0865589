// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Time

/// An event of the outbox.
package struct Event: Hashable, Sendable {
    package var id: EventID
    /// A raw value of ``EventType``, or a type of a newer release.
    package var type: String
    package var createdAt: Instant
    /// The recipients; one event names them all.
    package var recipients: [Recipient]
    /// Names in words: `org`, `template`, `template_version`, `preset`, `workspace`, ...
    package var labels: [String: String]
    /// The members of the type, as `EventCatalogue` declares them.
    package var data: [String: JSON]
    /// Why the stored data cannot be read; ``data`` is empty then.
    package var unreadableData: String?
    /// The ids of its targets.
    package var targets: [String]
    /// The subject, such as `preset/ID`; ``sequence`` counts the events of one subject.
    package var subject: String
    /// From 1. Events may arrive in the wrong order; the sequence shows the right one.
    package var sequence: Int64

    package init(
        id: EventID,
        type: String,
        createdAt: Instant,
        recipients: [Recipient] = [],
        labels: [String: String] = [:],
        data: [String: JSON] = [:],
        targets: [String] = [],
        subject: String = "",
        sequence: Int64 = 1
    ) {
        self.id = id
        self.type = type
        self.createdAt = createdAt
        self.recipients = recipients
        self.labels = labels
        self.data = data
        self.targets = targets
        self.subject = subject
        self.sequence = sequence
    }
}

/// A recipient.
package struct Recipient: Hashable, Sendable {
    package var id: UserID
    package var username: String
    package var name: String
    package var email: String

    package init(id: UserID, username: String, name: String = "", email: String = "") {
        self.id = id
        self.username = username
        self.name = name
        self.email = email
    }
}
