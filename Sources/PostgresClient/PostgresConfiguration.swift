// SPDX-License-Identifier: Apache-2.0

/// Where the database is, and how to talk to it.
package struct PostgresConfiguration: Sendable {
    /// What libpq accepts: `host=... dbname=...`, or `postgresql://...`. What it leaves open is taken from libpq's
    /// environment variables, service file and password file. May hold a password: never print it.
    package var connectionString: String
    /// Another database of the same server than the connection string leads to.
    package var database: String?
    /// Shown in `pg_stat_activity`, unless the connection string or `PGAPPNAME` says otherwise.
    package var applicationName: String
    /// The time-out of connecting, name resolution excepted; a server that is still starting up is waited for.
    package var connectTimeout: Duration = .seconds(10)
    /// How long the server has to obey a cancel request. After that the connection is dropped.
    package var cancelTimeout: Duration = .seconds(2)
    /// Whether there is a pooler in transaction mode between; then no named prepared statements are used.
    package var behindPooler = false
    /// How many prepared statements a session keeps; the least recently used one is dropped.
    package var preparedStatementLimit = 256

    /// - Parameter connectionString: Empty means libpq's defaults and environment.
    package init(_ connectionString: String = "", applicationName: String = "stoker") {
        self.connectionString = connectionString
        self.applicationName = applicationName
    }
}
