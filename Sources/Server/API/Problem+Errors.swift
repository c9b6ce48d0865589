// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes
import Operations
import PostgresClient
import Store
import Templates
import Webhooks

extension Problem {
    /// The problem for an operation's error; `nil`: the client did not cause it.
    init?(_ error: any Error) {
        switch error {
        case let error as Problem: self = error
        case let error as Refusal: self.init(Self.kind(of: error.code), error.message, remedy: error.remedy)
        case let error as StoreError:
            guard let kind = Self.kind(of: error.code) else { return nil }
            self.init(kind, error.message, remedy: error.remedy)
        case let error as TemplateErrors:
            let errors = error.errors.map { "\($0)" }
            self.init(.templateInvalid, errors.joined(separator: "; "), members: ["errors": .strings(errors)])
        case let error as ArchiveRefusal: self.init(.templateInvalid, "\(error)")
        case let error as EndpointURLError: self.init(.invalid, "\(error)")
        case let error as EndpointTargetError: self.init(.invalid, "\(error)")
        case let error as SigningKeyError: self.init(.invalid, "\(error)")
        case let error as PostgresError:
            guard error.isPassing else { return nil }
            self.init(.unavailable, "The database does not answer at the moment.", headers: [.retryAfter: "5"])
        default: return nil
        }
    }

    /// The connection to the database was lost before it answered a change.
    static let outcomeUnknown = Problem(
        .outcomeUnknown,
        "The connection to the database was lost before it had answered.",
        remedy:
            "Check whether it was done before you ask again; with the same idempotency key a claim is not made twice."
    )

    private static func kind(of code: Refusal.Code) -> ProblemKind {
        switch code {
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .invalid: .invalid
        case .conflict: .conflict
        }
    }

    private static func kind(of code: StoreError.Code) -> ProblemKind? {
        switch code {
        case .notFound: .notFound
        case .nameTaken: .nameTaken
        case .invalid: .invalid
        case .conflict: .conflict
        case .deleted: .templateDeleted
        case .leaseLost, .schema, .inconsistent: nil
        }
    }
}

extension PostgresError {
    /// Whether the database is down, starting, stopping or overloaded, and not the statement wrong.
    fileprivate var isPassing: Bool {
        switch kind {
        case .connection, .deadlineExceeded, .poolExhausted, .closed: true
        case .server(let state): isRetriable || state.isRefusal
        case .decoding, .misuse: false
        }
    }
}

extension SQLState {
    /// The server does not accept connections of this role to this database.
    fileprivate var isRefusal: Bool {
        ["28", "3D"].contains(conditionClass) || code == "55000"
    }
}
