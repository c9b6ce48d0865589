// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// An event of the outbox.
package struct NotificationEvent: Hashable, Sendable {
    package var id: EventID
    package var type: String
    /// The notification template's id, for receivers that know those of Coder.
    package var notificationTemplate: String?
    package var recipients: [Recipient]
    package var labels: [String: String]
    /// A JSON object.
    package var data: String
    package var targets: [String]
    package var subject: String
    /// Counts the events of one subject, from 1.
    package var sequence: Int64
    package var createdAt: Instant

    /// A user whom an event is for.
    package struct Recipient: Hashable, Sendable {
        package var id: UserID
        package var username: String
        package var name: String
        package var email: String
    }
}

/// A request to be made: the bytes are stored once and sent unchanged at every attempt.
package struct NewDelivery: Hashable, Sendable {
    /// The header `webhook-id` of every attempt.
    package var id: DeliveryID
    package var endpointID: EndpointID
    package var recipientID: UserID?
    package var body: [UInt8]
    package var contentType: String

    package init(
        id: DeliveryID,
        endpointID: EndpointID,
        recipientID: UserID? = nil,
        body: [UInt8],
        contentType: String
    ) {
        self.id = id
        self.endpointID = endpointID
        self.recipientID = recipientID
        self.body = body
        self.contentType = contentType
    }
}

/// A delivery that this worker is to attempt, under a lease.
package struct LeasedDelivery: Hashable, Sendable {
    package var id: DeliveryID
    package var eventID: EventID
    package var eventType: String
    package var endpoint: Endpoint
    package var body: [UInt8]
    package var contentType: String
    /// This attempt's number, from 1.
    package var attempt: Int
    /// It tries the endpoint, whatever its health, and is not repeated.
    package var isTrial: Bool
    package var createdAt: Instant
    /// The database's time at the lease.
    package var now: Instant
}

/// How an attempt went, as it is recorded.
package struct DeliveryAttempt: Hashable, Sendable {
    /// A label of the database's enum `webhook_delivery_status`: `sent`, `temporary_failure` or `permanent_failure`.
    package var status: String
    /// How long from now the next attempt is made; for `temporary_failure`.
    package var nextAttemptAfter: Duration
    package var responseCode: Int?
    package var latency: Duration
    package var errorClass: String
    package var address: String
    /// The beginning of the answer.
    package var excerpt: String
    /// The endpoint said that it wants no more.
    package var disablesEndpoint = false
    /// Nothing was sent: the delivery waits again, and the attempt does not count.
    package var isHandedBack = false

    package static let handedBack: DeliveryAttempt = {
        var attempt = DeliveryAttempt(status: "temporary_failure")
        attempt.isHandedBack = true
        return attempt
    }()

    package init(
        status: String,
        nextAttemptAfter: Duration = .zero,
        responseCode: Int? = nil,
        latency: Duration = .zero,
        errorClass: String = "",
        address: String = "",
        excerpt: String = ""
    ) {
        self.status = status
        self.nextAttemptAfter = nextAttemptAfter
        self.responseCode = responseCode
        self.latency = latency
        self.errorClass = errorClass
        self.address = address
        self.excerpt = excerpt
    }
}

/// How an endpoint has been doing: what the circuit breaker remembers.
package struct EndpointHealth: Hashable, Sendable {
    package var consecutiveFailures: Int
    package var failingSince: Instant?
    package var openedAt: Instant?
    package var nextProbeAt: Instant?
    package var probeAttempt: Int
    package var isEnabled: Bool
    package var disabledReason: String

    package init(
        consecutiveFailures: Int = 0,
        failingSince: Instant? = nil,
        openedAt: Instant? = nil,
        nextProbeAt: Instant? = nil,
        probeAttempt: Int = 0,
        isEnabled: Bool = true,
        disabledReason: String = ""
    ) {
        self.consecutiveFailures = consecutiveFailures
        self.failingSince = failingSince
        self.openedAt = openedAt
        self.nextProbeAt = nextProbeAt
        self.probeAttempt = probeAttempt
        self.isEnabled = isEnabled
        self.disabledReason = disabledReason
    }
}
