// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import PostgresClient
import Store
import Supervision

/// What every command that uses the database accepts.
struct GlobalOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file. (STOKER_CONFIG)")
    var file: String?

    @Option(name: .customLong("database-url"), help: "How to reach Postgres. (STOKER_DATABASE_URL)")
    var databaseURL: String?

    @Option(name: .customLong("data-directory"), help: "Where 'stoker up' keeps its data. (STOKER_DATA_DIRECTORY)")
    var dataDirectory: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Any setting, for this run; see 'stoker config print'.", valueName: "key=value")
    )
    var assignments: [String] = []

    /// The settings in force, with values of the command's own flags.
    func settings(_ flags: [String: String?] = [:]) throws -> Settings {
        var values = flags.compactMapValues(\.self)
        if let databaseURL { values[Setting.databaseURL.key.name] = databaseURL }
        if let dataDirectory { values[Setting.dataDirectory.key.name] = dataDirectory }
        for assignment in assignments {
            guard let (name, value) = KeyValue.split(assignment) else {
                throw SettingsError("--set \(assignment): expected key=value, such as worker.concurrency=2")
            }
            values[name] = value
        }
        let settings = try Settings(flags: values, environment: Host.environment, file: file)
        for secret in settings.secretFlags { ProcessSecrecy.hide(argument: secret) }
        return settings
    }

    /// Runs the body with the database of the settings, whose schema must be this program's own.
    func withStore<Result>(
        requiringSchema: Bool = true,
        _ body: (Store, DatabaseAddress, Settings) async throws -> Result
    ) async throws -> Result {
        let settings = try settings()
        let address = try DatabaseAddress(settings)
        return try await Self.withStore(address, requiringSchema: requiringSchema) { store in
            try await body(store, address, settings)
        }
    }

    static func withStore<Result>(
        _ address: DatabaseAddress,
        requiringSchema: Bool = true,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        // What a command has to say of the database, it says in its error.
        let logger = Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })
        do {
            return try await PostgresPool.withPool(address.configuration, size: 2, logger: logger) { pool in
                let store = Store(pool: pool)
                if requiringSchema { try await store.requireSchema() }
                return try await body(store)
            }
        } catch let error as PostgresError where error.isConnecting {
            throw DatabaseError(cause: error, source: address.source)
        }
    }
}

extension PostgresError {
    /// The database could not be reached at all, or does not exist or admit this role.
    var isConnecting: Bool {
        switch kind {
        case .connection: !isOutcomeUnknown
        case .server(let state): ["28", "3D"].contains(state.conditionClass) || state == .cannotConnectNow
        default: false
        }
    }
}

/// `key=value`, as several options take it.
enum KeyValue {
    /// `nil` when there is no `=`, or nothing before it.
    static func split(_ text: String) -> (key: String, value: String)? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }
}
