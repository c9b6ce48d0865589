// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Webhooks

extension WebhooksCommand {
    /// `stoker webhooks add`
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

        @Flag(
            name: .customLong("ed25519"),
            help: "Sign with an Ed25519 key as well; its public key is shown, which receivers need no secret to use."
        )
        var signsPublicly = false

        @Option(help: "How many requests are on their way to it at once, from one worker: 1 to 64.")
        var concurrency = 8

        @OptionGroup var control: ReportOptions

        func validate() throws {
            if generate, secret != nil { throw ValidationError("--secret and --generate exclude each other.") }
            guard (1...64).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 64.") }
            for header in headers where KeyValue.split(header) == nil {
                throw ValidationError("--header: expected name=value.")
            }
        }

        func run() async throws {
            let operation = AddEndpoint(
                name: name,
                url: url,
                secret: secret,
                events: events,
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
