// SPDX-License-Identifier: Apache-2.0

/// The initial content of a test's database: made once per test process, then copied for each test.
///
/// ```swift
/// extension DatabaseTemplate {
///     static let migrated = DatabaseTemplate("migrated") { connectionString in ... }
/// }
/// @Test(.database(.migrated)) func `...`() async throws { ... }
/// ```
package struct DatabaseTemplate: Sendable {
    /// Lower-case letters, digits and underscores; unique among the templates of a test process.
    package let name: String
    let prepare: @Sendable (_ connectionString: String) async throws -> Void

    /// - Parameter prepare: Fills the template, an empty database, and closes its connections before it returns.
    package init(_ name: String, prepare: @escaping @Sendable (_ connectionString: String) async throws -> Void) {
        self.name = name
        self.prepare = prepare
    }
}
