// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Domain
package import Time

/// Something that happened, as the outbox holds it.
package struct Event: Hashable, Sendable {
    package var id: EventID
    /// One of ``EventType``'s raw values, or one that a newer release has written.
    package var type: String
    package var createdAt: Instant
    /// Whom it is for; one event carries them all.
    package var recipients: [Recipient]
    /// Names in words: `org`, `template`, `template_version`, `preset`, `workspace`, ...
    package var labels: [String: String]
    /// The particulars of the type (``EventCatalogue``).
    package var data: [String: JSON]
    /// Ids of what it is about.
    package var targets: [String]
    /// What it is about, such as `preset/ID`; events of one subject are counted by ``sequence``.
    package var subject: String
    /// From 1. Two events may arrive in the wrong order; this tells which was first.
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

extension Event {
    /// The event by which an endpoint is tried.
    package static func ping(of subject: String, at now: Instant) -> Event {
        Event(id: .random(), type: EventType.ping.rawValue, createdAt: now, subject: subject)
    }
}

/// A user whom an event is for.
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
