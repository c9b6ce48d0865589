// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store
import Time

/// `stoker tokens`
struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Make, list and revoke API tokens.",
        subcommands: [Add.self, List.self, Revoke.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token, and show it once: only its hash is stored.",
            discussion: """
                A token does what its user's role does: 'owner' everything, 'template-admin' templates and pools, \
                'member' their own workspaces. Scopes narrow that: 'read' changes nothing; a resource such as \
                'workspaces' is for that alone, and 'jobs:read' for reading it.
                """
        )

        @Argument(help: "The token's name.")
        var name: String

        @Option(help: "The user who holds it; with --server, else the caller.")
        var user: String?

        @Option(
            name: .customLong("scope"),
            help: "A scope of the token; may be repeated: \(ScopeSet.known.joined(separator: ", "))."
        )
        var scopes: [String] = []

        @Option(help: "When it expires, such as 90d or 12h. Default: never.")
        var expires: DurationArgument?

        @OptionGroup var control: ReportOptions

        func validate() throws {
            if let unknown = scopes.first(where: { !ScopeSet.known.contains($0) }) {
                let hint = Suggestion.nearest(to: unknown, among: ScopeSet.known).map { " Did you mean '\($0)'?" } ?? ""
                throw ValidationError("There is no scope '\(unknown)'.\(hint)")
            }
            if let expires, expires.duration < .seconds(1) {
                throw ValidationError("--expires takes a second or more.")
            }
        }

        func run() async throws {
            let operation = AddToken(
                name: name,
                user: user,
                scopes: scopes,
                lifetime: expires?.seconds
            )
            try await control.report(operation) { new in
                "Added the token \(new.token.name) of \(new.token.username) (\(new.token.id)).\n"
                    + "It is shown only now:\n\(new.secret)"
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens, without their text.")

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListTokens())
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a token at once.")

        @Argument(help: "The token's id, or its first digits; see 'stoker tokens list'.")
        var token: ShortID<Kind.Token>

        @OptionGroup var control: ControlOptions

        func run() async throws {
            _ = try await control.withControl { try await $0.perform(RevokeToken(token: $0.token(token))) }
            try Console.note("The token is revoked.")
        }
    }
}

extension APIToken: TableRow {
    static let whenNone = "There are no tokens. Make one with 'stoker tokens add NAME --user USER'."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name },
            .init("user") { $0.username },
            .init("scopes") { $0.scopes.isEmpty ? "all" : $0.scopes.joined(separator: ", ") },
            .init("expires") { $0.expiresAt.map { Shown.time($0) } ?? "never" },
            .init("last used") { $0.lastUsedAt.map { Shown.time($0) } ?? "never" },
            .init("id") { "\($0.id)" },
        ]
    }
}
