// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// One endpoint: its health, its backlog and its deliveries.
struct WebhookPage: ConsolePage {
    static let path = "/webhooks/{endpoint}"
    static let area = ConsoleArea.webhooks

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let endpoint = try await visit.ask(ShowEndpoint(endpoint: try visit.name("endpoint")))
        let deliveries = try await visit.ask(ListDeliveries(endpoint: endpoint.name, limit: 100)).elements
        let remove = visit.form(
            RemoveEndpoint.self,
            "Remove",
            [("endpoint", endpoint.name)],
            question:
                "\(endpoint.waiting) waiting deliveries and \(endpoint.deadLetters) that were given up go with it.",
            done: "The endpoint is removed.",
            next: "/webhooks",
            isDangerous: true
        )
        let rotate = visit.form(
            RotateEndpointSecret.self,
            "New secret",
            [("endpoint", endpoint.name)],
            question: "The secret of now signs for another day beside the new one.",
            showsAnswer: true
        )
        let main: Markup = """
            <header class="head"><h1>\(endpoint.name)</h1>\
            \(endpoint.enabled ? .pill("enabled", .good) : .pill("disabled", .warn))\
            \(WebhooksPage.actions(endpoint.name, isEnabled: endpoint.enabled, visit))\(rotate)\(remove)</header>\
            \(Self.trouble(endpoint))\(Self.facts(endpoint, visit))\
            \(visit.may(ReplayDeliveries.self) ? visit.chosenForm : .none)<div class="bulk" data-bulk>\
            \(visit.chosen(ReplayDeliveries.self, "Send again", done: "They are sent again."))</div>\
            <section><h2>Deliveries</h2>\(WebhooksPage.table(deliveries, visit))</section>
            """
        return PageContent(title: endpoint.name, main: main)
    }

    private static func trouble(_ endpoint: EndpointDetailsReport) -> Markup {
        let text = [endpoint.disabledReason, endpoint.lastError].first { !$0.isEmpty } ?? ""
        return text.isEmpty ? .none : "<p class=\"notice bad\">\(text)</p>"
    }

    private static func facts(_ endpoint: EndpointDetailsReport, _ visit: ConsoleVisit) -> Markup {
        .facts([
            ("URL", Markup(endpoint.url)), ("Form", Markup(endpoint.envelope.text)),
            ("Events", Markup(endpoint.events.isEmpty ? "all" : endpoint.events.joined(separator: ", "))),
            ("Circuit", Markup(endpoint.circuit.text.replacing("_", with: " "))),
            ("Failures in a row", "\(endpoint.consecutiveFailures)"),
            ("Failing since", visit.moment(endpoint.failingSince)),
            ("Next probe", visit.moment(endpoint.nextProbeAt)), ("Last success", visit.moment(endpoint.lastSuccessAt)),
            ("Last answer", Markup(endpoint.lastStatus.map { "\($0)" } ?? "–")), ("Waiting", "\(endpoint.waiting)"),
            ("Given up", "\(endpoint.deadLetters)"), ("At once", "\(endpoint.concurrency)"),
            ("Signatures", Markup(endpoint.signatures.joined(separator: ", "))), ("Id", .identifier("\(endpoint.id)")),
        ])
    }
}
