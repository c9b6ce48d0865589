// SPDX-License-Identifier: Apache-2.0

import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConnectingTests {
    private func failure(of configuration: PostgresConfiguration) async throws -> PostgresError {
        let session = try PostgresSession(configuration, logger: quiet)
        return try #require(await #expect(throws: PostgresError.self) { try await session.run("SELECT 1") })
    }

    @Test func `a database that does not exist is named`() async throws {
        let error = try await failure(of: try await .shared("&dbname=nowhere"))
        #expect(error.kind == .connection)
        #expect("\(error)".contains("'nowhere'"))
        #expect("\(error)".contains("Create the database"))
    }

    @Test func `a server that is not there is named, and the password is not`() async throws {
        let error = try await failure(of: PostgresConfiguration("postgresql://ada:s3cret@127.0.0.1:1/stoker"))
        #expect(error.kind == .connection)
        #expect("\(error)".contains("'stoker' at 127.0.0.1:1"))
        #expect(!"\(error)".contains("s3cret"))
        #expect(error.remedy?.hasPrefix("Start the server") == true)
    }

    @Test(arguments: [
        "postgresql://ada:s3cret%zz@host/db", "host=x password='s3cret", "host=x s3cret port=1", "s3cret=1",
    ])
    func `a connection string that cannot be parsed is not repeated`(text: String) async throws {
        let error = try await failure(of: PostgresConfiguration(text))
        #expect(error.kind == .connection)
        #expect(!"\(error)".contains("s3cret"))
    }

    @Test func `a server that does not answer is given up`() async throws {
        // Accepts connections, and never answers.
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listening) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                #expect(bind(listening, pointer, length) == 0 && listen(listening, 1) == 0)
                return getsockname(listening, pointer, &length)
            }
        }
        #expect(port == 0)
        var configuration = PostgresConfiguration(
            "host=127.0.0.1 port=\(UInt16(bigEndian: address.sin_port)) dbname=stoker sslmode=disable gssencmode=disable"
        )
        configuration.connectTimeout = .milliseconds(50)
        let error = try await failure(of: configuration)
        #expect(error.kind == .connection)
        #expect(error.message.hasSuffix("no answer in time"))
    }

    @Test func `a canceled call does not connect, and the next one does`() async throws {
        let session = try await PostgresSession.test()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await session.run("SELECT 1")
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await session.value("SELECT current_setting('application_name')") == "tests")
    }

    @Test func `the connection string has the last word`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.connectionString += "&application_name=mine&tcp_user_timeout=1234&client_encoding=LATIN1"
        let session = try PostgresSession(configuration, logger: quiet)
        #expect(try await session.value("SELECT current_setting('application_name')") == "mine")
        #expect(try await session.value("SELECT current_setting('client_encoding')") == "UTF8")
    }

    @Test func `a closed session says so`() async throws {
        let session = try await PostgresSession.test()
        try await session.run("SELECT 1")
        await session.close()
        let error = await #expect(throws: PostgresError.self) { try await session.run("SELECT 1") }
        #expect(error?.kind == .closed)
    }
}

/// What is handed on to another program of libpq.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTextTests {
    @Test(arguments: [
        (
            "postgresql://ada:it%27s%5C@db.example:5433/stoker?sslmode=require",
            "dbname='other' host='db.example' "
                + #"password='it\'s\\' port='5433' sslmode='require' user='ada'"#
        ),
        ("host=/tmp dbname=stoker", "dbname='other' host='/tmp'"), ("stoker", "dbname='other'"), ("", "dbname='other'"),
    ])
    func `the text has every part of the connection, and the other database`(string: String, text: String) {
        var configuration = PostgresConfiguration(string)
        configuration.database = "other"
        #expect(configuration.text == text)
    }

    @Test func `the text leads to the same server`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.database = "template1"
        let session = try PostgresSession(PostgresConfiguration(configuration.text), logger: quiet)
        #expect(try await session.value("SELECT current_database()::text") == "template1")
        await session.close()
    }
}
