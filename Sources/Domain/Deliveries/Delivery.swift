// SPDX-License-Identifier: Apache-2.0

package import Time

/// A request by which an endpoint hears of an event: the bytes are stored once and sent unchanged at every attempt.
package struct Delivery: Hashable, Sendable {
    /// The header `webhook-id` of every attempt, by which receivers recognise a repetition.
    package var id: DeliveryID
    package var eventID: EventID
    package var endpointID: EndpointID
    /// The one recipient it is for; `nil` when it is for all.
    package var recipientID: UserID?
    package var body: [UInt8]
    package var contentType: String

    package init(
        id: DeliveryID,
        eventID: EventID,
        endpointID: EndpointID,
        recipientID: UserID? = nil,
        body: [UInt8],
        contentType: String
    ) {
        self.id = id
        self.eventID = eventID
        self.endpointID = endpointID
        self.recipientID = recipientID
        self.body = body
        self.contentType = contentType
    }
}

/// What became of a delivery so far; the raw values are the database's enum `webhook_delivery_status`.
package enum DeliveryStatus: String, CaseIterable, Codable, Sendable {
    case pending, leased, sent
    case temporaryFailure = "temporary_failure"
    case permanentFailure = "permanent_failure"
    case canceled

    /// Whether it waits for a worker, at once or until its next attempt.
    package var isWaiting: Bool { self == .pending || self == .temporaryFailure }

    /// Whether it has neither arrived nor been given up.
    package var isOpen: Bool { isWaiting || self == .leased }
}

/// A delivery that a worker is to attempt, under a lease.
package struct LeasedDelivery: Hashable, Sendable {
    package var id: DeliveryID
    package var endpoint: Endpoint
    package var body: [UInt8]
    package var contentType: String
    /// This attempt's number, from 1.
    package var attempt: Int
    /// It tries the endpoint, whatever its health, and is not repeated.
    package var isTrial: Bool
    /// The database's time at the lease.
    package var leasedAt: Instant

    package init(
        id: DeliveryID,
        endpoint: Endpoint,
        body: [UInt8],
        contentType: String,
        attempt: Int,
        isTrial: Bool,
        leasedAt: Instant
    ) {
        self.id = id
        self.endpoint = endpoint
        self.body = body
        self.contentType = contentType
        self.attempt = attempt
        self.isTrial = isTrial
        self.leasedAt = leasedAt
    }
}

/// How an attempt to make a delivery ended.
package struct DeliveryAttempt: Hashable, Sendable {
    package var delivery: LeasedDelivery
    package var outcome: Outcome
    /// The HTTP status; `nil` when there was no answer.
    package var responseCode: Int?
    package var latency: Duration
    /// The kind of failure; empty when it arrived.
    package var errorClass: String
    /// Whom the connection was to.
    package var address: String
    /// The beginning of the answer.
    package var excerpt: String

    package init(
        of delivery: LeasedDelivery,
        _ outcome: Outcome,
        responseCode: Int? = nil,
        latency: Duration = .zero,
        errorClass: String = "",
        address: String = "",
        excerpt: String = ""
    ) {
        self.delivery = delivery
        self.outcome = outcome
        self.responseCode = responseCode
        self.latency = latency
        self.errorClass = errorClass
        self.address = address
        self.excerpt = excerpt
    }

    /// What is done with the delivery after it.
    package enum Outcome: Hashable, Sendable {
        case delivered
        /// It is tried again, so long after this attempt is recorded.
        case retry(after: Duration)
        /// Kept, and tried again only when someone asks for it.
        case deadLetter(DeadLetterReason)
        /// The delivery fails for good, and the endpoint gets no more.
        case disableEndpoint
        /// Nothing was sent: the attempt counts for nothing; another worker, or this one later, makes it again.
        case handBack

        /// The status of the delivery once the attempt is recorded.
        package var status: DeliveryStatus {
            switch self {
            case .delivered: .sent
            case .retry, .handBack: .temporaryFailure
            case .deadLetter, .disableEndpoint: .permanentFailure
            }
        }
    }

    /// Why a delivery is given up.
    package enum DeadLetterReason: Hashable, Sendable {
        /// The last attempt of the schedule has failed.
        case exhausted
        /// The endpoint will hardly ever take it.
        case rejected
        /// It cannot be sent to the endpoint as that is configured.
        case unsendable
        /// Someone waited for this attempt alone.
        case trial
    }
}
