// SPDX-License-Identifier: Apache-2.0

package import Testing

/// A database of one test's own, on the server that the tests of this process share.
package struct TestDatabase: Hashable, Sendable {
    package let name: String
    /// A URL for libpq; its role is a superuser.
    package let connectionString: String
    package var publisher = Publisher.working

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
    /// The test runs once for each.
    let publishers: [Publisher]

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // A suite needs none; its tests do.
        guard testCase != nil else { return try await function() }
        for publisher in publishers {
            let made = try await PostgresServer.shared.makeDatabase(template)
            do {
                let url = try await publisher.prepare(made.connectionString)
                let database = TestDatabase(name: made.name, connectionString: url, publisher: publisher)
                try await TestDatabase.$bound.withValue(database) { try await function() }
            } catch {
                try await PostgresServer.shared.drop(made)
                throw error
            }
            try await PostgresServer.shared.drop(made)
        }
    }
}

extension Trait where Self == DatabaseTrait {
    /// An empty database, in ``TestDatabase/current``.
    package static var database: Self { Self(template: nil, publishers: [.working]) }

    /// A copy of the template, in ``TestDatabase/current``.
    ///
    /// - Parameter publishers: The test runs once for each.
    package static func database(_ template: DatabaseTemplate, publishers: [Publisher] = [.working]) -> Self {
        Self(template: template, publishers: publishers)
    }
}
