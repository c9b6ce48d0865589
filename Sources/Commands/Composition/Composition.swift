// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Logging
import Operations
import PostgresClient
import Store
import Templates

/// The composition root: the only place that creates sessions, stores, clients, loggers and services from the settings,
/// for commands (here) and for long-running processes (`Composition+Worker.swift`).
struct Composition: Sendable {
    let settings: Settings

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Logs nothing: a command reports what went wrong by its error.
    static let silence = Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })

    // MARK: Database

    /// Performs the body with the database of the settings, whose schema must match this program.
    func withStore<Result>(
        requiringSchema: Bool = true,
        _ body: (Store, DatabaseAddress) async throws -> Result
    ) async throws -> Result {
        let address = try DatabaseAddress(settings)
        return try await Self.withStore(address, requiringSchema: requiringSchema) { try await body($0, address) }
    }

    /// Performs the body with a database.
    static func withStore<Result>(
        _ address: DatabaseAddress,
        requiringSchema: Bool = true,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        try await address.named {
            try await PostgresPool.withPool(address.configuration, size: 2, logger: silence) { pool in
                let store = Store(pool: pool)
                if requiringSchema { try await store.requireSchema() }
                return try await body(store)
            }
        }
    }

    // MARK: Operations

    /// Performs the body with the server of the settings if there is one, otherwise with their database.
    ///
    /// - Parameter prefersDatabase: Whether the command line names the database.
    func withControl<Result>(
        prefersDatabase: Bool,
        _ body: (any Control) async throws -> Result
    ) async throws -> Result {
        if !prefersDatabase, let server = try settings[\.server] {
            let control = try RemoteControl(server, token: try settings[\.token])
            defer { control.close() }
            return try await body(control)
        }
        return try await withStore { try await body(context($0, $1)) }
    }

    /// The context of operations. An invalid setting affects only the operations that use it.
    ///
    /// - Parameter caller: By default, whoever runs the command.
    func context(
        _ store: Store,
        _ address: DatabaseAddress,
        zones: ZoneDirectory = ZoneDirectory(),
        caller: Caller = .machine(Host.user)
    ) -> OperationContext {
        OperationContext(
            store: store,
            limits: try settings.planLimits,
            zones: zones,
            drainDeadline: try settings[\.drainDeadline],
            addressPolicy: try settings.addressPolicy,
            codec: try settings.stateCodec,
            settings: SettingRow.all(of: settings),
            watch: JobWatch(address.directConfiguration),
            tokensPerUser: try settings[\.tokensPerUser],
            caller: caller
        )
    }

    // MARK: HTTP

    /// A client for servers that the user names: at any address, and without TLS if their URL has none.
    ///
    /// - Parameter timeout: The time-out of a whole request.
    static func client(timeout: Duration) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        let anywhere = [try IPNetwork("0.0.0.0/0"), try IPNetwork("::/0")]
        configuration.addressPolicy = AddressPolicy(allowedNetworks: anywhere, allowsPlainHTTP: true)
        configuration.userAgent = "stoker/\(BuildInfo.version)"
        configuration.timeout = timeout
        configuration.maximumBodySize = 64 << 20
        return try HTTPClient(configuration)
    }
}
