// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// The endpoints with their health, and the deliveries with what came of them.
struct WebhooksPage: ConsolePage {
    static let path = "/webhooks"
    static let area = ConsoleArea.webhooks

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let endpoints = try await visit.ask(ListEndpoints())
        let address = visit.address
        let isFailed = address["failed"] == "true"
        let deliveries = try await visit.ask(
            ListDeliveries(
                endpoint: address["endpoint"],
                failed: isFailed ? true : nil,
                type: address["type"],
                limit: 100,
                cursor: address["cursor"]
            )
        )
        var list = ConsoleList(title: "Webhooks", table: .none)
        list.actions = Self.add(visit)
        list.above = """
            <section><h2>Endpoints</h2>\(Self.table(endpoints, visit))</section><h2>Deliveries</h2>
            """
        list.choices = [
            .init(name: "failed", label: "Outcome", options: [("", "any"), ("true", "given up")]),
            .init(name: "endpoint", label: "Endpoint", options: [("", "any")] + endpoints.map { ($0.name, $0.name) }),
            .init(
                name: "type",
                label: "Event",
                options: [("", "any")] + EventType.allCases.map { ($0.rawValue, $0.rawValue) }
            ),
        ]
        list.table = Self.table(deliveries.elements, visit)
        list.bulk =
            visit.may(ReplayDeliveries.self)
            ? [visit.chosenForm, visit.chosen(ReplayDeliveries.self, "Send again", done: "They are sent again.")] : []
        list.follow(deliveries.next, at: visit.address)
        return list.drawn(at: visit.address)
    }

    private static func add(_ visit: ConsoleVisit) -> Markup {
        visit.form(
            AddEndpoint.self,
            "Add an endpoint",
            inputs: [
                .init(name: "name", label: "Name", isRequired: true),
                .init(name: "url", label: "URL", isRequired: true, hint: "https, without credentials."),
                .init(
                    name: "envelope",
                    label: "Form",
                    kind: .choice([("", "as usual")] + Envelope.allCases.map { ($0.rawValue, $0.rawValue) })
                ),
            ],
            showsAnswer: true
        )
    }

    private static func table(_ endpoints: [EndpointReport], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Endpoint", kind: "name"), .init(title: "URL"),
                .init(title: "Events"), .init(title: "Why", kind: "why"), .init(title: "", kind: "does"),
            ],
            empty: "There is no endpoint. Add one to be told of failures: <code>stoker webhooks add NAME URL</code>"
        )
        table.rows = endpoints.map { endpoint in
            ConsoleTable.Row(
                id: "endpoint-\(endpoint.id)",
                cells: [
                    endpoint.enabled ? .pill("enabled", .good) : .pill("disabled", .warn),
                    .link(endpoint.name, ConsoleAddress.of("webhooks", endpoint.name)), Markup(endpoint.url),
                    Markup(endpoint.events.isEmpty ? "all" : endpoint.events.joined(separator: ", ")),
                    Markup(endpoint.disabledReason), actions(endpoint.name, isEnabled: endpoint.enabled, visit),
                ]
            )
        }
        return table.drawn()
    }

    static func actions(_ name: String, isEnabled: Bool, _ visit: ConsoleVisit) -> Markup {
        let endpoint = [(name: "endpoint", value: name)]
        let test = visit.form(
            TestEndpoint.self,
            "Test",
            endpoint + [("wait", "10")],
            done: "A ping was sent: see its delivery."
        )
        let change =
            isEnabled
            ? visit.form(
                DisableEndpoint.self,
                "Disable",
                endpoint,
                inputs: [.init(name: "reason", label: "Reason")],
                question: "Its deliveries are kept until it is enabled again.",
                done: "The endpoint is disabled."
            )
            : visit.form(EnableEndpoint.self, "Enable", endpoint, done: "The endpoint is enabled.")
        return "<div class=\"actions\">\(test)\(change)</div>"
    }

    static func table(_ deliveries: [DeliveryReport], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "Status", kind: "state"), .init(title: "Event", kind: "name"), .init(title: "Endpoint"),
                .init(title: "Attempts", kind: "number"), .init(title: "Answer", kind: "number"),
                .init(title: "Created", kind: "number"), .init(title: "Next", kind: "number"),
                .init(title: "Id", kind: "number"), .init(title: "What was answered", kind: "why"),
            ],
            empty: "No delivery fits.",
            chooses: visit.may(ReplayDeliveries.self) ? "delivery" : ""
        )
        table.rows = deliveries.map { delivery in
            let code = delivery.responseCode.map { "\($0)" } ?? "–"
            let time = delivery.latencyMilliseconds.map { " in \($0) ms" } ?? ""
            let told = [delivery.errorClass, delivery.address, delivery.excerpt].filter { !$0.isEmpty }
            return ConsoleTable.Row(
                id: "delivery-\(delivery.id)",
                cells: [
                    .pill(words(delivery.status), tone(delivery.status)), Markup(delivery.eventType),
                    Markup(delivery.endpointName), "\(delivery.attempts)", Markup(code + time),
                    visit.moment(delivery.createdAt), visit.moment(delivery.nextAttemptAt),
                    .identifier("\(delivery.id)"), Markup(String(told.joined(separator: ": ").prefix(300))),
                ],
                choice: "\(delivery.id)"
            )
        }
        return table.drawn()
    }

    private static func words(_ status: OpenEnum<DeliveryStatus>) -> String {
        switch status.known {
        case .pending?: "waits"
        case .leased?: "being sent"
        case .temporaryFailure?: "tried again"
        case .permanentFailure?: "given up"
        case .sent?, .canceled?, nil: status.text
        }
    }

    private static func tone(_ status: OpenEnum<DeliveryStatus>) -> Tone {
        switch status.known {
        case .sent?: .good
        case .permanentFailure?: .bad
        case .temporaryFailure?: .warn
        case .leased?: .busy
        case .pending?, .canceled?, nil: .calm
        }
    }
}
