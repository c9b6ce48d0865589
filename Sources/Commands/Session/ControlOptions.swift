// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlClient
import Operations
import Templates

/// What every command accepts that can be carried out by a server as well as on the database itself.
struct ControlOptions: ParsableArguments {
    @Option(
        help: "The server to ask instead of the database, such as https://stoker.example. (STOKER_SERVER)"
    )
    var server: String?

    @Option(help: "The token for the server. Better STOKER_TOKEN or STOKER_TOKEN_FILE: others may see a command line.")
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

    /// Runs the body with a server when one is named, else with the database of the settings.
    func withControl<Result>(_ body: (any Control) async throws -> Result) async throws -> Result {
        let settings = try global.settings([Setting.server.key.name: server, Setting.token.key.name: token])
        if let server = settings[.server], global.databaseURL == nil {
            let control = try RemoteControl(server, token: settings[.token])
            defer { control.close() }
            return try await body(control)
        }
        let worker = try WorkerSettings(settings, zones: ZoneDirectory())
        let address = try DatabaseAddress(settings)
        return try await GlobalOptions.withStore(address) { store in
            let caller = Caller.machine(Host.user)
            let context = OperationContext(settings, worker, store: store, address: address, caller: caller)
            return try await body(LocalControl(context: context))
        }
    }
}
