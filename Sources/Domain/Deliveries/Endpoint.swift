// SPDX-License-Identifier: Apache-2.0

/// A webhook endpoint: a receiver of events.
package struct Endpoint: Hashable, Sendable {
    package var id: EndpointID
    package var name: String
    package var url: String
    /// The event types that it subscribes to; empty: all.
    package var events: [String]
    /// What else an event must be about.
    package var filter = EventFilter()
    package var envelope: OpenEnum<Envelope>
    /// The encoded secret, as it is stored; encrypted when an encryption key is configured.
    package var secret: [UInt8]?
    package var previousSecret: [UInt8]?
    /// The encoded Ed25519 key, as it is stored.
    package var signingKey: [UInt8]?
    package var headers: [String: String]
    /// The limit of simultaneous requests from one worker.
    package var maximumConcurrency: Int
    package var source: OpenEnum<Source>
    package var health = EndpointHealth()

    /// Where it was created. Only that place may change it.
    package enum Source: String, Codable, Sendable {
        case command, configuration
    }

    package init(
        id: EndpointID = .random(),
        name: String,
        url: String,
        events: [String] = [],
        envelope: Envelope = .standard,
        secret: [UInt8]? = nil,
        previousSecret: [UInt8]? = nil,
        signingKey: [UInt8]? = nil,
        headers: [String: String] = [:],
        maximumConcurrency: Int = 8,
        source: Source = .command
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.events = events
        self.envelope = OpenEnum(envelope)
        self.secret = secret
        self.previousSecret = previousSecret
        self.signingKey = signingKey
        self.headers = headers
        self.maximumConcurrency = maximumConcurrency
        self.source = OpenEnum(source)
    }

    /// The form of its requests: the standard one, where another release has written one that is not known here.
    package var format: Envelope { envelope.known ?? .standard }

    /// Whether it gets deliveries at all, as its health says.
    package var isEnabled: Bool { health.isEnabled }

    /// Whether the event is delivered to it.
    package func wants(_ event: Event) -> Bool {
        isEnabled && (events.isEmpty || events.contains(event.type)) && filter.admits(event)
    }
}

/// The form of an endpoint's requests.
package enum Envelope: String, CaseIterable, Codable, Sendable {
    /// Standard Webhooks 1.0: `type`, `timestamp`, `data`.
    case standard
    /// CloudEvents 1.0 in structured mode.
    case cloudevents
    /// The payload of Coder's webhook notifications, one request per recipient.
    case coder
}
