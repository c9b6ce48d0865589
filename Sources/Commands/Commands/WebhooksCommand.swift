// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Store
import Webhooks
import Worker

/// `stoker webhooks`
struct WebhooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Who is told what happens.",
        subcommands: [Add.self, List.self, Test.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an endpoint.",
            discussion:
                "Its requests are signed as Standard Webhooks 1.0 say. A secret that is made here is shown once."
        )

        @Argument(help: "What the endpoint is called.")
        var name: String

        @Argument(help: "Where requests go: an https URL without credentials.")
        var url: String

        @Option(
            help: "The secret: whsec_ and 24 to 64 bytes in base64. Other users of this machine may see a command line."
        )
        var secret: String?

        @Flag(help: "Make a secret; the default without --secret.")
        var generate = false

        @Option(name: .customLong("event"), help: "Only events of this type; may be repeated. Else all.")
        var events: [String] = []

        @Option(help: "The form of the body: \(Envelope.allCases.map(\.rawValue).joined(separator: ", ")).")
        var envelope = Envelope.standard

        @Option(
            name: .customLong("header"),
            help: ArgumentHelp("A header to send; may be repeated.", valueName: "name=value")
        )
        var headers: [String] = []

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if generate, secret != nil { throw ValidationError("--secret and --generate exclude each other.") }
            for header in headers where KeyValue.split(header) == nil {
                throw ValidationError("--header: expected name=value.")
            }
        }

        func run() async throws {
            let report = try await global.withStore { store, _, settings in
                let worker = try WorkerSettings(settings, zones: ZoneDirectory())
                let new = try NewEndpoint(
                    name: name,
                    url: url,
                    secret: secret,
                    events: events,
                    envelope: envelope,
                    headers: Dictionary(headers.compactMap(KeyValue.split)) { _, last in last },
                    policy: worker.addressPolicy,
                    codec: worker.codec
                )
                try await store.addEndpoint(new.endpoint)
                return EndpointReport(new.endpoint, secret: new.generatedSecret)
            }
            try output.print(report) { report in
                let secret = report.secret.map { "\nIts secret, shown only now:\n\($0)" } ?? ""
                return "Added the endpoint \(report.name). Try it: stoker webhooks test \(report.name)" + secret
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the endpoints.")

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let endpoints = try await global.withStore { store, _, _ in try await store.endpoints() }
            try output.print(endpoints.map { EndpointReport($0) }) { $0.table.text }
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a worker send a ping, and say what became of it; fail unless it arrived."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let state = try await global.withStore { store, _, _ in
                guard let endpoint = try await store.endpoints(named: name).first else {
                    throw CommandError(
                        .refused,
                        "there is no webhook endpoint '\(name)'",
                        remedy: "See 'stoker webhooks list'."
                    )
                }
                // The sender's own time-out, and time to come to it.
                return try await Ping(store: store, endpoint: endpoint).send(within: .seconds(30))
            }
            try output.print(state) { $0.sentence(name) }
            guard state.status == "sent" else { throw CommandError("the ping to '\(name)' did not arrive") }
        }
    }
}

extension Envelope: ExpressibleByArgument {}

/// An endpoint as it is shown: the URL may hold a token, so only its beginning is.
struct EndpointReport: Hashable, Encodable {
    let id: String
    let name: String
    let url: String
    let events: [String]
    let envelope: String
    let enabled: Bool
    let disabledReason: String
    let source: String
    /// Only when it was made just now.
    let secret: String?

    init(_ endpoint: Endpoint, secret: String? = nil) {
        id = "\(endpoint.id)"
        name = endpoint.name
        url = endpoint.shownURL
        events = endpoint.events
        envelope = endpoint.envelope
        enabled = endpoint.isEnabled
        disabledReason = endpoint.disabledReason
        source = endpoint.source
        self.secret = secret
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, url, events, envelope, enabled, source, secret
        case disabledReason = "disabled_reason"
    }
}

extension [EndpointReport] {
    var table: Table {
        Table(
            self,
            empty: "There are no webhook endpoints. Add one with 'stoker webhooks add NAME URL'.",
            [
                .init("name") { $0.name },
                .init("url") { $0.url },
                .init("events") { $0.events.isEmpty ? "all" : $0.events.joined(separator: ", ") },
                .init("envelope") { $0.envelope },
                .init("enabled") { $0.enabled ? "yes" : "no: \($0.disabledReason)" },
                .init("from") { $0.source },
            ]
        )
    }
}

extension DeliveryState {
    fileprivate func sentence(_ name: String) -> String {
        let code = responseCode.map { " with status \($0)" } ?? ""
        let latency = latencyMilliseconds.map { " after \($0) ms" } ?? ""
        return switch status {
        case "sent": "'\(name)' answered\(code)\(latency)."
        case "pending", "leased": "No worker has sent it yet; is one up? See 'stoker workers list'."
        default: "'\(name)' did not take it\(code)\(latency): \(errorClass) \(excerpt)"
        }
    }
}
