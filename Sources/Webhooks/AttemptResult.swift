// SPDX-License-Identifier: Apache-2.0

package import CurlClient
import HTTPTypes
package import Time

/// The result of one attempt of a delivery.
package enum AttemptResult: Hashable, Sendable {
    /// The endpoint answered; `retryAfter` is the wait that it asks for.
    case answered(status: Int, retryAfter: Duration?)
    /// There was no answer.
    case failed(HTTPFailure.Code)

    /// - Parameter now: The database's time; the answer's own `Date` has precedence, so that a receiver whose clock is
    ///   wrong does no harm.
    package init(_ response: HTTPClient.Response, now: Instant) {
        self = .answered(status: response.status.code, retryAfter: Self.retryAfter(response, now: now))
    }

    package init(_ failure: HTTPFailure) {
        self = .failed(failure.code)
    }

    private static func retryAfter(_ response: HTTPClient.Response, now: Instant) -> Duration? {
        guard let value = response.headers[values: .retryAfter].first else { return nil }
        if !value.isEmpty, value.utf8.allSatisfy({ (48...57).contains($0) }) {
            // More digits than an integer holds mean a very long time.
            return .seconds(min(Int64(value) ?? .max, 1 << 32))
        }
        guard let until = HTTPDate.parse(value) else { return nil }
        let since = response.headers[values: .date].first.flatMap(HTTPDate.parse) ?? now
        return until > since ? until - since : .zero
    }
}

extension AttemptResult {
    /// The class of a result, whichever attempt it was.
    package enum Meaning: Hashable, Sendable {
        /// 2xx.
        case success
        /// 410: the endpoint wants no more requests.
        case gone
        /// 408, 425, 429, 5xx, no connection, no answer: a retry may succeed.
        case retryable
        /// Any other status, and refused addresses: a retry will hardly succeed.
        case rejected
        /// This side stopped; it says nothing about the endpoint.
        case interrupted
    }

    /// What to make of the result: status codes and errors of the connection fall into five kinds.
    package var meaning: Meaning {
        switch self {
        case .answered(let status, _):
            switch status {
            case 200..<300: .success
            case 410: .gone
            case 408, 425, 429, 500...599: .retryable
            default: .rejected
            }
        case .failed(let code):
            switch code {
            case .canceled, .clientClosed: .interrupted
            case .refusedAddress, .invalidRequest: .rejected
            case .dns, .connect, .tls, .timeout, .reset, .tooLarge, .protocol, .local: .retryable
            }
        }
    }
}
