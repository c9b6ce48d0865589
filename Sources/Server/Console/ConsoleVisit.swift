// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Operations
import Store
import Time

/// A request for a page: by whom, of what address, and when.
///
/// A page asks operations with the caller's role and scopes, so that it shows and does nothing that the API would not.
struct ConsoleVisit: Sendable {
    let context: OperationContext
    let address: ConsoleAddress
    /// The values of the placeholders in the page's path.
    let names: [String: String]
    /// What forms carry.
    let formToken: String
    /// By the database's clock.
    let now: Instant
    /// What pages of many visits share.
    let cache: ConsoleCache

    var caller: Caller { context.caller }

    /// Whether the caller may ask for it.
    func may<Asked: Operation>(_ type: Asked.Type) -> Bool { caller.may(Asked.route) }

    /// The answer of an operation. Throws a problem when the caller may not ask for it.
    func ask<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer {
        try caller.require(Asked.route)
        return try await context.answer(operation)
    }

    /// A part of a list; for a filter that names nothing, an empty one with what is wrong.
    func list<Asked: PagedOperation>(_ operation: Asked) async throws -> (page: Page<Asked.Element>, notice: Markup) {
        do {
            return (try await ask(operation), .none)
        } catch {
            guard let problem = Problem(error), problem.status == .notFound || problem.status == .unprocessableContent
            else { throw error }
            return (Page([]), "<p class=\"notice bad\">\(problem.detail ?? problem.title)</p>")
        }
    }

    /// The state of the fleet, which visits share for a moment.
    func status() async throws -> FleetStatus {
        try caller.require(ShowStatus.route)
        return try await cache.status.value { try await ShowStatus().perform(in: context) }
    }

    func moment(_ instant: Instant?) -> Markup { .moment(instant, now: now) }

    func span(_ start: Instant?, _ end: Instant?) -> Markup { .span(from: start, to: end, now: now) }
}

/// The content of a page.
struct PageContent: Sendable {
    /// Where the lines of a log go. They are no part of what is compared and drawn anew.
    static let logPlace: Markup = "<ol class=\"log\" data-log data-keep tabindex=\"0\" aria-label=\"Log\"></ol>"

    let title: String
    let main: Markup
}

/// A page of the console.
protocol ConsolePage: Sendable {
    init()

    /// Its path, with placeholders in braces.
    static var path: String { get }
    /// The entry of the menu that is marked.
    static var area: ConsoleArea { get }

    /// Reads what it shows, and draws it.
    func content(_ visit: ConsoleVisit) async throws -> PageContent
}

/// The entries of the menu, each with a key: `g` and that one go there.
enum ConsoleArea: String, CaseIterable, Sendable {
    case overview, pools, workspaces, jobs, templates, workers, webhooks, people, audit

    var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    var path: String { self == .overview ? "/" : "/\(rawValue)" }

    var key: String {
        switch self {
        case .overview: "o"
        case .pools: "p"
        case .workspaces: "s"
        case .jobs: "j"
        case .templates: "t"
        case .workers: "w"
        case .webhooks: "h"
        case .people: "u"
        case .audit: "a"
        }
    }

    /// Whether the caller sees the entry.
    func isOpen(to caller: Caller) -> Bool {
        switch self {
        case .overview: true
        case .pools: caller.may(ListPresets.route)
        case .workspaces: caller.may(ListWorkspaces.route)
        case .jobs: caller.may(ListJobs.route)
        case .templates: caller.may(ListTemplates.route)
        case .workers: caller.may(ListWorkers.route)
        case .webhooks: caller.may(ListEndpoints.route)
        case .people: caller.may(ListTokens.route)
        case .audit: caller.may(ListAudit.route)
        }
    }
}
