// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PostgresClient

@Suite struct ErrorTextTests {
    @Test(arguments: [
        ("Key (email)=(ada@example.org) already exists.", "Key (email)=(…) already exists."),
        ("Key (lower(a), b)=(x), (y) already exists.", "Key (lower(a), b)=(…) already exists."),
        ("Failing row contains (1, a) b, null).", "Failing row contains (…)."),
        ("Process 1 waits for ShareLock on transaction 2.", "Process 1 waits for ShareLock on transaction 2."),
    ])
    func `a detail loses its values`(detail: String, expected: String) {
        #expect(Redaction.parenthesized(detail) == expected)
    }

    @Test(arguments: [
        (#"invalid input syntax for type uuid: "pass"word""#, #"invalid input syntax for type uuid: "…""#),
        ("division by zero", "division by zero"),
        (#"one " quote"#, #"one " quote"#),
    ])
    func `a message loses what it quotes`(message: String, expected: String) {
        #expect(Redaction.quoted(message) == expected)
    }

    @Test func `a refused connection yields its code and its reason`() {
        let failure = ConnectFailure(
            message: """
                connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  57P03: the database system is starting up
                LOCATION:  ProcessStartupPacket, postmaster.c:2394

                """
        )
        #expect(failure.state == .cannotConnectNow)
        #expect(
            failure.reason
                == #"connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  the database system is starting up"#
        )
    }

    @Test func `a failure without a code is told on one line`() {
        let failure = ConnectFailure(
            message:
                "connection to server on socket \"/run/.s.PGSQL.5432\" failed: No such file\n\tIs the server running?\n"
        )
        #expect(failure.state == nil)
        #expect(
            failure.reason
                == #"connection to server on socket "/run/.s.PGSQL.5432" failed: No such file Is the server running?"#
        )
    }

    @Test func `an error says what, where and what to do`() {
        let error = PostgresError(
            .deadlineExceeded,
            "the statement took longer than 1.0 seconds",
            remedy: "Look for locks.",
            statement: "jobs.claim"
        )
        #expect("\(error)" == "jobs.claim: the statement took longer than 1.0 seconds. Look for locks.")
    }

    @Test(arguments: [
        (PostgresError.Kind.server(.serializationFailure), true), (.server(.deadlockDetected), true),
        (.server(.adminShutdown), true), (.server(.tooManyConnections), true), (.server(.uniqueViolation), false),
        (.connection, true), (.deadlineExceeded, true), (.poolExhausted, true), (.closed, false), (.decoding, false),
        (.misuse, false),
    ])
    func `retriable is what may pass by itself`(kind: PostgresError.Kind, isRetriable: Bool) {
        #expect(PostgresError(kind, "").isRetriable == isRetriable)
    }
}
