// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// The connection strings of a command, and their source.
struct DatabaseAddress: Hashable, Sendable {
    /// The source of the connection string.
    enum Source: Hashable, Sendable {
        case setting(Settings.Origin)
        /// Variables of libpq, such as `PGHOST`.
        case libpqVariables
        /// `stoker up` of this machine, by its record.
        case up(DataDirectory)
        /// Nothing is configured: libpq's built-in defaults.
        case nothing
    }

    /// May hold a password: never print it.
    let url: String
    /// A direct connection to the server.
    let listenURL: String
    let isBehindPooler: Bool
    let source: Source

    init(url: String, listenURL: String? = nil, source: Source) {
        self.url = url
        self.listenURL = listenURL ?? url
        isBehindPooler = listenURL != nil
        self.source = source
    }

    /// `database.url`, else libpq's variables, else a `stoker up` of the data directory, else libpq's defaults.
    init(_ settings: Settings) throws(SettingsError) {
        let listenURL = try settings[\.listenURL]
        if let url = try settings[\.databaseURL] {
            self.init(url: url, listenURL: listenURL, source: .setting(settings.origin(of: SettingKey[\.databaseURL])))
        } else if Self.libpqVariables.contains(where: { settings.environment[$0] != nil }) {
            self.init(url: "", listenURL: listenURL, source: .libpqVariables)
        } else {
            let directory = try DataDirectory(settings)
            let record = UpRecord.read(directory)
            self.init(
                url: record?.databaseURL ?? "",
                listenURL: listenURL,
                source: record.map { _ in .up(directory) } ?? .nothing
            )
        }
    }

    /// Whether a database is configured, so that `stoker up` starts none.
    static func isConfigured(in settings: Settings) throws(SettingsError) -> Bool {
        try settings[\.databaseURL] != nil || libpqVariables.contains { settings.environment[$0] != nil }
    }

    /// The variables that name the server (libpq documentation, "Environment Variables").
    private static let libpqVariables = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"]

    var configuration: PostgresConfiguration {
        var configuration = PostgresConfiguration(url)
        configuration.behindPooler = isBehindPooler
        return configuration
    }

    /// For LISTEN.
    var directConfiguration: PostgresConfiguration { PostgresConfiguration(listenURL) }

    /// Performs the body. If the database is unreachable, the error names it.
    func named<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as PostgresError where error.isConnecting {
            throw DatabaseError(cause: error, source: source)
        }
    }
}

/// The error for an unreachable database: libpq's message, the database that was tried, and the remedy.
struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    let cause: PostgresError
    let source: DatabaseAddress.Source

    var description: String {
        switch source {
        case .setting(let origin): "\(cause) (the database of \(origin))"
        case .libpqVariables: "\(cause) (the database of libpq's variables, such as PGHOST)"
        case .up(let directory):
            "the database of 'stoker up' in \(directory.path) does not answer: \(reason). Start 'stoker up' again, "
                + "or set STOKER_DATABASE_URL."
        case .nothing:
            "no database is configured, and libpq's default leads nowhere: \(reason). Start 'stoker up', or set "
                + "STOKER_DATABASE_URL."
        }
    }

    /// The server's message may end with or without a full stop.
    private var reason: String {
        var text = cause.message
        while let last = text.last, ".?! ".contains(last) { text.removeLast() }
        return text
    }
}

extension PostgresError {
    /// The database could not be reached, does not exist, or does not admit this role.
    fileprivate var isConnecting: Bool {
        switch kind {
        case .connection: !isOutcomeUnknown
        case .server(let state): ["28", "3D"].contains(state.conditionClass) || state == .cannotConnectNow
        default: false
        }
    }
}
