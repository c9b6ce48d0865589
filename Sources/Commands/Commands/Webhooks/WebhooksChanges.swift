// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Operations

extension WebhooksCommand {
    /// `stoker webhooks show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an endpoint with its health and backlog."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ShowEndpoint(endpoint: name), text: \.text)
        }
    }

    /// `stoker webhooks rotate-secret`
    struct RotateSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an endpoint a new secret; the previous one signs as well for a while.",
            discussion: """
                During the overlap each request has a signature by either secret, so that the receiver can change whenever \
                it likes. A secret that is made here is shown once.
                """
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @Option(
            help:
                "The new secret: whsec_ and 24 to 64 bytes in base64. Other users of this machine may see a command line."
        )
        var secret: String?

        @Option(help: "How long the previous secret signs too, such as 24h; 0s means not at all.")
        var overlap = DurationArgument(.seconds(86_400))

        @Flag(
            name: .customLong("ed25519"),
            help: "Generate a new Ed25519 key instead, and show its public key. The previous one signs no more."
        )
        var signingKey = false

        @OptionGroup var control: ReportOptions

        func validate() throws {
            if signingKey, secret != nil { throw ValidationError("--secret and --ed25519 exclude each other.") }
        }

        func run() async throws {
            let operation = RotateEndpointSecret(
                endpoint: name,
                secret: secret,
                overlap: signingKey ? nil : overlap.seconds,
                ed25519: signingKey
            )
            try await control.report(operation) { "'\($0.name)' signs with a new key from now on." + $0.keysText }
        }
    }

    /// `stoker webhooks enable`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enable an endpoint, and reset its circuit breaker."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(EnableEndpoint(endpoint: name)) { "'\($0.name)' is enabled." }
        }
    }

    /// `stoker webhooks disable`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable an endpoint until it is enabled, by command or by a successful ping.",
            discussion: "Its waiting deliveries are kept; it gets no deliveries of events that happen meanwhile."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @Option(help: "The reason, shown in lists.")
        var reason = ""

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(DisableEndpoint(endpoint: name, reason: reason)) { "'\($0.name)' is disabled." }
        }
    }

    /// `stoker webhooks remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove an endpoint with its dead letters.",
            discussion: """
                While deliveries wait, it asks first; where nobody can be asked, it is refused (exit code 2) unless --force is \
                given.
                """
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @Flag(help: "Remove the deliveries that wait, too, without a question.")
        var force = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await control.withControl { control in
                do {
                    return try await control.perform(RemoveEndpoint(endpoint: name, force: force ? true : nil))
                } catch let error where !force && "\(error)".contains(RemoveEndpoint.loss) {
                    guard try await confirms(on: control) else { throw error }
                    return try await control.perform(RemoveEndpoint(endpoint: name, force: true))
                }
            }
            try output.print(report) {
                "Removed '\($0.name)', and with it \($0.waiting) waiting deliveries and \($0.deadLetters) dead letters."
            }
        }

        /// Whether deliveries wait, and the person at the terminal gives them up.
        private func confirms(on control: any Control) async throws -> Bool {
            guard Host.canAsk, let waiting = try? await control.perform(ShowEndpoint(endpoint: name)).waiting,
                waiting > 0
            else { return false }
            return try Console.confirms("\(waiting) deliveries wait for '\(name)'. Remove it, and never send them?")
        }
    }
}
