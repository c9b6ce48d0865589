// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import HTTPTypes
package import Store
import Tracing

/// Claims a workspace: hands over an eligible prebuild at once, else builds a new workspace.
package struct ClaimWorkspace: Operation {
    package var template: String
    package var preset: String?
    /// `nil`: the caller.
    package var owner: String?
    package var name: String
    package var parameters: [String: String]?
    /// `latest`: only prebuilds of the active version will do.
    package var version: ClaimedVersion?
    /// Labels of the workspace.
    package var labels: [String: String]?
    /// With the same key, the same request always gives the same workspace.
    package var idempotencyKey: String?
    /// How many seconds to wait for the next prebuild when none is eligible; `nil`: not at all.
    package var waitLimit: Int?
    /// The lifetime in seconds; 0: without end; `nil`: the template's default.
    package var ttl: Int?

    /// In seconds.
    package static let longestWait = 3600
    /// In seconds: ten years.
    package static let longestLife = 3650 * 86_400

    private enum CodingKeys: String, CodingKey {
        case template, preset, owner, name, parameters, version, ttl, labels
        case idempotencyKey = "idempotency_key"
        case waitLimit = "wait_for_refill"
    }

    package static let route = Route(.post, "/claims", .workspaces, for: .member)
        .doing("Claim a workspace")
        .noting(
            """
            : a ready prebuild at once, else a fresh build; `outcome` says which. Only `owner` claims for others. With an \
            `Idempotency-Key`, the same request gives the same workspace however often it is made.
            """
        )
        .taking(
            Field("template", .text(most: 64), required: true),
            Field(
                "preset",
                .text(most: 128),
                """
                Default: without values the default preset, else one whose values the claim does not contradict: first those \
                with a ready prebuild, then those that name most of its values, then the default preset.
                """
            ),
            Field("owner", .text(most: 64), "Default: the caller."),
            Field("name", .text(most: 64), "The workspace's name.", required: true),
            Field("parameters", .textMap),
            Field("labels", .textMap, "Labels of the workspace, for lists and selectors."),
            Field(
                "version",
                .choice(of: ClaimedVersion.self),
                "`latest`: no prebuild of an earlier version, as a roll-out may give."
            ),
            Field(
                "wait_for_refill",
                .integer(1...longestWait),
                """
                How many seconds to wait for the next prebuild when none is ready; else not at all. The wait ends with the \
                connection, and with 503 when the server goes. Behind a proxy with a shorter time-out, claim without it and \
                ask for the claim and its job until that has ended.
                """
            ),
            Field(
                "ttl",
                .integer(0...longestLife),
                "The lifetime in seconds; 0: without end. Default, and maximum: those of the template."
            ),
            Field("idempotency_key", .text(least: 1, most: 255), in: .header(.idempotencyKey), pattern: "^[!-~]+$")
        )
        .answering("The workspace, and the build that hands it over or creates it.", .one("Claim"), status: .created)

    package init(_ request: ClaimRequest, waitLimit: Int? = nil) {
        template = request.template
        preset = request.preset
        owner = request.owner
        name = request.name
        parameters = request.parameters
        version = request.latestOnly ? .latest : nil
        labels = request.labels.isEmpty ? nil : request.labels
        idempotencyKey = request.idempotencyKey
        ttl = request.ttl
        self.waitLimit = waitLimit
    }

    package var mayWait: Bool { waitLimit != nil }

    package func auditTarget(for caller: Caller) -> String? { "\(owner ?? caller.name)/\(name)" }

    package func perform(in context: OperationContext) async throws -> ClaimResult {
        let owner = try context.caller.claimant(owner)
        let request = ClaimRequest(
            template: template,
            preset: preset,
            owner: owner,
            name: name,
            parameters: parameters ?? [:],
            latestOnly: version == .latest,
            idempotencyKey: idempotencyKey,
            ttl: ttl,
            labels: labels ?? [:]
        )
        return try await withSpan("claim", ofKind: .server) { span in
            let result = try await bind(request, in: context)
            span.attributes["stoker.outcome"] = result.outcome.rawValue
            span.attributes["stoker.workspace.id"] = "\(result.workspaceID)"
            return result
        }
    }

    private func bind(_ request: ClaimRequest, in context: OperationContext) async throws -> ClaimResult {
        guard let waitLimit else { return try await context.store.claim(request) }
        return try await context.watch.following(.prebuilds) { bell in
            try await context.store.claim(request, waitingAtMost: .seconds(waitLimit)) { await bell.wait(atMost: $0) }
        }
    }
}

/// Which versions a claim takes.
package enum ClaimedVersion: String, CaseIterable, Codable, Sendable {
    /// Only the active one.
    case latest
}

extension Caller {
    /// The user who gets what the caller claims. Only the role `owner` claims for others.
    func claimant(_ named: String?) throws -> String {
        let owner = try self.named(named)
        guard has(.owner) || owner.lowercased() == name.lowercased() else {
            throw Refusal(.forbidden, "Only the role 'owner' may claim for others", remedy: "Claim your own.")
        }
        return owner
    }
}

/// The current result of a claim.
package struct ShowClaim: Operation {
    package var claim: ClaimID

    package static let route = Route(.get, "/claims/{claim}", .workspaces, for: .member)
        .doing("Show a claim and its current outcome")
        .noting(", their own.")
        .taking(Field("claim", .identifier, "Its id.", required: true))
        .answering("The workspace, and the build that hands it over or creates it.", .one("Claim"))

    package init(claim: ClaimID) {
        self.claim = claim
    }

    package func perform(in context: OperationContext) async throws -> ClaimResult {
        try await context.store.claim(claim, visibleTo: context.caller.audience)
    }
}
