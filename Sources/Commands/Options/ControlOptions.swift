// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations

/// The options of every command that works on the database as well as through a server.
struct ControlOptions: ParsableArguments {
    @Option(
        help: "The server to use instead of the database, such as https://stoker.example. (STOKER_SERVER)"
    )
    var server: String?

    @Option(help: "The server's token. STOKER_TOKEN or STOKER_TOKEN_FILE is safer: others may see a command line.")
    var token: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if server != nil, global.databaseURL != nil {
            throw ValidationError("--server and --database-url exclude each other.")
        }
    }

    /// Performs one operation.
    func ask<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer {
        try await withControl { try await $0.perform(operation) }
    }

    /// Performs the body with a server if one is named, otherwise with the database of the settings.
    func withControl<Result>(_ body: (any Control) async throws -> Result) async throws -> Result {
        try await global.composition([SettingKey[\.server].name: server, SettingKey[\.token].name: token])
            .withControl(prefersDatabase: global.databaseURL != nil, body)
    }
}

/// The same for commands that print the answer.
struct ReportOptions: ParsableArguments {
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    /// Performs one operation and prints the answer, as JSON or as text.
    func report<Asked: Operation>(_ operation: Asked, text: (Asked.Answer) -> String) async throws {
        try output.print(try await control.ask(operation), table: text)
    }

    /// Performs an operation that lists, and prints the list.
    func report<Asked: Operation, Row: TableRow>(_ operation: Asked) async throws where Asked.Answer == [Row] {
        try await report(operation, text: \.text)
    }

    /// Prints the requested number of elements of a long list, and says when there are more.
    func report<Asked: PagedOperation>(_ operation: Asked, limit: Int = .max) async throws
    where Asked.Element: TableRow & Encodable {
        let page = try await control.withControl { try await $0.page(operation, limit: limit) }
        try output.print(page.elements, table: \.text)
        if page.next != nil { try Console.noteCut(at: limit) }
    }
}
