// SPDX-License-Identifier: Apache-2.0

package import Time

/// A request that reports an event to an endpoint. Its bytes are stored once and sent unchanged in every attempt.
package struct Delivery: Hashable, Sendable {
    /// The header `webhook-id` of every attempt, by which receivers recognize a repetition.
    package var id: DeliveryID
    package var eventID: EventID
    package var endpointID: EndpointID
    /// The only recipient; `nil` if it is for all.
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

/// The status of a delivery; the raw values are the database's enum `webhook_delivery_status`.
package enum DeliveryStatus: String, CaseIterable, Codable, Sendable {
    case pending, leased, sent
    case temporaryFailure = "temporary_failure"
    case permanentFailure = "permanent_failure"
    case canceled

    /// Whether it waits for a worker, now or until its next attempt.
    package var isWaiting: Bool { self == .pending || self == .temporaryFailure }

    /// Whether it has neither arrived nor finally failed.
    package var isOpen: Bool { isWaiting || self == .leased }
}

/// A delivery that a worker has leased for an attempt.
package struct LeasedDelivery: Hashable, Sendable {
    package var id: DeliveryID
    package var endpoint: Endpoint
    package var body: [UInt8]
    package var contentType: String
    /// The number of this attempt, from 1.
    package var attempt: Int
    /// Whether it is a test of the endpoint: it is sent whatever the endpoint's health, and is not repeated.
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

/// The result of an attempt.
package struct DeliveryAttempt: Hashable, Sendable {
    package var delivery: LeasedDelivery
    package var outcome: Outcome
    /// The HTTP status; `nil` if there was no answer.
    package var responseCode: Int?
    package var latency: Duration
    /// The kind of failure; empty if the delivery arrived.
    package var errorClass: String
    /// The address of the connection.
    package var address: String
    /// The beginning of the response body.
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

    /// The decision about the delivery after an attempt.
    package enum Outcome: Hashable, Sendable {
        case delivered
        /// It is tried again after this delay, counted from the recording of the attempt.
        case retry(after: Duration)
        /// The delivery is kept, and only sent again by a replay.
        case deadLetter(DeadLetterReason)
        /// The delivery fails for good, and the endpoint is disabled.
        case disableEndpoint
        /// Nothing was sent. The attempt does not count; another worker, or this one later, repeats it.
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
        /// The last attempt of the schedule failed.
        case exhausted
        /// The endpoint rejects the delivery.
        case rejected
        /// The endpoint's configuration does not allow it to be sent.
        case unsendable
        /// Someone waited for this attempt only.
        case trial
    }
}
