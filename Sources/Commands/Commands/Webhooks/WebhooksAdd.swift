// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Webhooks

extension WebhooksCommand {
    /// `stoker webhooks add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an endpoint.",
            discussion:
                "Its requests are signed by Standard Webhooks 1.0. A generated secret is shown once."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @Argument(help: "The URL of requests: https, without credentials.")
        var url: String

        @Option(
            help: "The secret: whsec_ and 24 to 64 bytes in base64. Other users of this machine may see a command line."
        )
        var secret: String?

        @Flag(help: "Generate a secret; the default without --secret.")
        var generate = false

        @Option(name: .customLong("event"), help: "Only events of this type; may be repeated. Default: all.")
        var events: [String] = []

        @Option(name: .customLong("template"), help: "Only events about this template; may be repeated. Default: all.")
        var templates: [String] = []

        @Option(
            name: .customLong("preset"),
            help: "Only events about presets of this name; may be repeated. Default: all."
        )
        var presets: [String] = []

        @Option(name: .customLong("org"), help: "Only events about this organization; may be repeated. Default: all.")
        var organizations: [String] = []

        @Option(
            name: .customLong("label"),
            help: ArgumentHelp(
                "Only events about workspaces with this label; may be repeated.",
                valueName: "name=value"
            )
        )
        var labels: [String] = []

        @Option(help: "The form of the body: \(Envelope.allCases.map(\.rawValue).joined(separator: ", ")).")
        var envelope = Envelope.standard

        @Option(
            name: .customLong("header"),
            help: ArgumentHelp("A header to send; may be repeated.", valueName: "name=value")
        )
        var headers: [String] = []

        @Flag(
            name: .customLong("ed25519"),
            help: "Sign with an Ed25519 key as well; its public key is shown, with which receivers need no secret."
        )
        var signsPublicly = false

        @Option(help: "The limit of simultaneous requests from one worker: 1 to 64.")
        var concurrency = 8

        @OptionGroup var control: ReportOptions

        func validate() throws {
            if generate, secret != nil { throw ValidationError("--secret and --generate exclude each other.") }
            guard (1...64).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 64.") }
            for header in headers where KeyValue.split(header) == nil {
                throw ValidationError("--header: expected name=value.")
            }
            for label in labels where KeyValue.split(label) == nil {
                throw ValidationError("--label: expected name=value.")
            }
        }

        func run() async throws {
            let operation = AddEndpoint(
                name: name,
                url: url,
                secret: secret,
                events: events,
                filter: EventFilter(
                    templates: templates,
                    presets: presets,
                    organizations: organizations,
                    labels: Dictionary(labels.compactMap(KeyValue.split)) { _, last in last }
                ),
                envelope: envelope,
                headers: Dictionary(headers.compactMap(KeyValue.split)) { _, last in last },
                ed25519: signsPublicly,
                concurrency: concurrency
            )
            try await control.report(operation) {
                "Added the endpoint \($0.name). Try it: stoker webhooks test \($0.name)" + $0.keysText
            }
        }
    }
}

extension Envelope: ExpressibleByArgument {}
