// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Logging
import Operations
import PostgresClient
import Store
import Templates

/// The composition root: the one place where sessions, stores, clients, loggers and services are made of the settings, for
/// commands that ask (here) and for processes that run (`Composition+Worker.swift`).
struct Composition: Sendable {
    let settings: Settings

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Logs nothing: a command says in its error what went wrong.
    static let silence = Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })

    // MARK: Database

    /// Performs the body with the database of the settings, whose schema must be this program's own.
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

    /// Performs the body with the server that the settings name, else with their database.
    ///
    /// - Parameter prefersDatabase: The command line names the database.
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

    /// What operations are performed with. A setting that is wrong stops those that use it.
    ///
    /// - Parameter caller: Whoever types, unless it is somebody else.
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
            news: JobNews(address.directConfiguration),
            tokensPerUser: try settings[\.tokensPerUser],
            caller: caller
        )
    }

    // MARK: HTTP

    /// A client of servers that whoever types has named: wherever they are, and without TLS where they have none.
    ///
    /// - Parameter timeout: Of a whole request.
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
