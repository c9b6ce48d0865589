// SPDX-License-Identifier: Apache-2.0

package import Testing

/// A database of one test's own, on the server that the tests of this process share.
package struct TestDatabase: Hashable, Sendable {
    package let name: String
    /// A URL for libpq; its role is a superuser.
    package let connectionString: String

    @TaskLocal static var bound: TestDatabase?

    /// The database of the running test, which must have the trait `.database`.
    package static var current: TestDatabase {
        guard let bound else { preconditionFailure("the test has no database: give it the trait .database") }
        return bound
    }
}

/// Gives each test, and each case of a parameterised one, a database of its own, and drops it afterwards.
package struct DatabaseTrait: TestTrait, SuiteTrait, TestScoping {
    let template: DatabaseTemplate?

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // A suite needs none; its tests do.
        guard testCase != nil else { return try await function() }
        let database = try await PostgresServer.shared.makeDatabase(template)
        do {
            try await TestDatabase.$bound.withValue(database) { try await function() }
        } catch {
            try await PostgresServer.shared.drop(database)
            throw error
        }
        try await PostgresServer.shared.drop(database)
    }
}

extension Trait where Self == DatabaseTrait {
    /// An empty database, in ``TestDatabase/current``.
    package static var database: Self { Self(template: nil) }

    /// A copy of the template, in ``TestDatabase/current``.
    package static func database(_ template: DatabaseTemplate) -> Self { Self(template: template) }
}
