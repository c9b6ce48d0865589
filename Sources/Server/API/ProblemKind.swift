// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Every kind of problem of the API, with its type, title and status.
package enum ProblemKind: String, CaseIterable, Sendable {
    case malformedBody = "malformed-body"
    case unknownField = "unknown-field"
    case missingField = "missing-field"
    case wrongType = "wrong-type"
    case unauthenticated
    case tokenExpired = "token-expired"
    case forbidden
    case insufficientScope = "insufficient-scope"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case nameTaken = "name-taken"
    case conflict
    case templateDeleted = "template-deleted"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case invalid
    case templateInvalid = "template-invalid"
    case tooManyRequests = "too-many-requests"
    case tooManyStreams = "too-many-streams"
    case unavailable
    case outcomeUnknown = "outcome-unknown"

    /// The URI of the kind, the same in every release.
    package var type: String { "urn:stoker:problem:\(rawValue)" }

    var title: String {
        switch self {
        case .malformedBody: "The body cannot be read"
        case .unknownField: "A field is not known here"
        case .missingField: "A required field is missing"
        case .wrongType: "A field's value is not what was expected"
        case .unauthenticated: "No valid token was given"
        case .tokenExpired: "The token has expired"
        case .forbidden: "The role is not sufficient"
        case .insufficientScope: "The token's scopes are not sufficient"
        case .notFound: "It does not exist"
        case .methodNotAllowed: "The method is not allowed here"
        case .nameTaken: "The name is taken"
        case .conflict: "The current state does not allow it"
        case .templateDeleted: "The template was deleted"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The media type of the body is not supported"
        case .invalid: "The request is invalid"
        case .templateInvalid: "The template cannot be used"
        case .tooManyRequests: "Too many requests"
        case .tooManyStreams: "Too many streams are open"
        case .unavailable: "The service is unavailable at the moment"
        case .outcomeUnknown: "The outcome is unknown"
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .malformedBody, .unknownField, .missingField, .wrongType: .badRequest
        case .unauthenticated, .tokenExpired: .unauthorized
        case .forbidden, .insufficientScope: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .nameTaken, .conflict: .conflict
        case .templateDeleted: .gone
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalid, .templateInvalid: .unprocessableContent
        case .tooManyRequests, .tooManyStreams: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .outcomeUnknown: .internalServerError
        }
    }
}

extension Problem {
    init(
        _ kind: ProblemKind,
        _ detail: String,
        remedy: String = "",
        members: [String: Member] = [:],
        headers: HTTPFields = [:]
    ) {
        var members = members
        if !remedy.isEmpty { members["remedy"] = .string(remedy) }
        self.init(kind.status, type: kind.type, title: kind.title, detail: detail, members: members)
        self.headers = headers
    }
}
