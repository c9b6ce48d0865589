// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct CodingTests {
    /// What comes back when the value is bound and selected.
    private func echo<Value: PostgresEncodable & PostgresDecodable & Equatable>(_ value: Value) async throws -> Value {
        let session = try await PostgresSession.test()
        return try await session.execute(Statement("test.echo", "SELECT \(value)"))[0].decode(Value.self)
    }

    /// What the server makes of the value, as text.
    private func asText(_ value: some PostgresEncodable) async throws -> String? {
        let session = try await PostgresSession.test()
        return try await session.execute(Statement("test.text", "SELECT \(value)::text"))[0].decode(String?.self)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func `64-bit integers`(value: Int64) async throws {
        #expect(try await echo(value) == value)
        #expect(try await echo(Int(value)) == Int(value))
        #expect(try await asText(value) == "\(value)")
    }

    @Test(arguments: [Int32.min, -1, 0, .max])
    func `32-bit integers`(value: Int32) async throws {
        #expect(try await echo(value) == value)
    }

    @Test(arguments: [Int16.min, -1, 0, .max])
    func `16-bit integers`(value: Int16) async throws {
        #expect(try await echo(value) == value)
    }

    @Test(arguments: [true, false])
    func `truth values`(value: Bool) async throws {
        #expect(try await echo(value) == value)
    }

    @Test(arguments: [0, -0.0, 0.1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
    func `floating point numbers, to the last bit`(value: Double) async throws {
        #expect(try await echo(value).bitPattern == value.bitPattern)
    }

    @Test func `not a number`() async throws {
        #expect(try await echo(Double.nan).isNaN)
    }

    @Test(arguments: ["", "x", "Žluťoučký kůň", "👩‍👩‍👧", "\u{10FFFF}", "'; DROP TABLE x; --", "{\"a\\\n}"])
    func `text of all kinds`(value: String) async throws {
        #expect(try await echo(value) == value)
        #expect(try await asText(value) == value)
    }

    @Test func `text with a zero character is refused, and its content not shown`() async throws {
        let error = await #expect(throws: PostgresError.self) { try await echo("secret\0") }
        #expect(error?.sqlState == SQLState("22021"))
    }

    @Test(arguments: [[], [0], [0, 1, 0, 255, 0]] as [[UInt8]])
    func `bytes with zeros`(value: [UInt8]) async throws {
        #expect(try await echo(value) == value)
    }

    @Test func `a megabyte of bytes`() async throws {
        let value = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try await echo(value) == value)
    }

    @Test func `NULL of every type`() async throws {
        #expect(try await echo(nil as Int?) == nil)
        #expect(try await echo(nil as String?) == nil)
        #expect(try await echo(nil as [UInt8]?) == nil)
        #expect(try await echo(nil as [String]?) == nil)
        #expect(try await echo(1 as Int?) == 1)
    }

    @Test func `arrays of every type`() async throws {
        #expect(try await echo([] as [Int]) == [])
        #expect(try await echo([Int.min, 0, Int.max]) == [Int.min, 0, Int.max])
        #expect(try await echo([true, false]) == [true, false])
        #expect(try await echo(["", "a,b", "{\"}", "NULL"]) == ["", "a,b", "{\"}", "NULL"])
        #expect(try await echo([[0, 1], [], [255]] as [[UInt8]]) == [[0, 1], [], [255]])
        #expect(try await echo([nil, "a", nil] as [String?]) == [nil, "a", nil])
        #expect(try await asText([1, nil, 3] as [Int?]) == "{1,NULL,3}")
        #expect(try await asText(["a", nil] as [String?]) == "{a,NULL}")
        let many = Array(0..<100_000)
        #expect(try await echo(many) == many)
    }

    @Test func `JSON as text`() async throws {
        #expect(try await echo(PostgresJSON(#"{"a": [1, "ž"]}"#)) == PostgresJSON(#"{"a": [1, "ž"]}"#))
        #expect(
            try await echo([PostgresJSON("1"), PostgresJSON("null")]) == [PostgresJSON("1"), PostgresJSON("null")]
        )
        let session = try await PostgresSession.test()
        let row = try await session.execute(Statement("test.json", "SELECT '{}'::json, '{}'::jsonb"))[0]
        #expect(try row.decode(PostgresJSON.self, String.self) == (PostgresJSON("{}"), "{}"))
    }

    @Test func `an enum is bound and read as text`() async throws {
        let session = try await PostgresSession.test()
        try await session.executeScript(Statement("test.enum", "CREATE TYPE pg_temp.mood AS ENUM ('good', 'bad')"))
        let statement = Statement("test.enum", "SELECT \("bad")::pg_temp.mood, \(["good"])::pg_temp.mood[]")
        #expect(try await session.execute(statement)[0].decode(String.self, [String].self) == ("bad", ["good"]))
    }

    @Test func `smaller numbers are read as larger ones`() async throws {
        let session = try await PostgresSession.test()
        let row = try await session.execute(Statement("test.widen", "SELECT 1::int2, 2::int4, 3::int2, 1.5::float4"))[0]
        let values = try row.decode(Int.self, Int64.self, Int32.self, Double.self)
        #expect(values == (1, 2 as Int64, 3 as Int32, 1.5))
    }

    @Test func `columns are found by name and position`() async throws {
        let session = try await PostgresSession.test()
        let row = try await session.execute(Statement("test.names", "SELECT 1 AS one, 'x' AS \"Two\""))[0]
        #expect(try row["Two"] as String == "x")
        #expect(try row.decode(column: 0, as: Int.self) == 1)
        #expect(throws: PostgresError.self) { try row["two"] as String }
        #expect(throws: PostgresError.self) { try row.decode(column: 2, as: String.self) }
    }

    @Test func `columns are found by name in any order, in each row, and NULL as an optional`() async throws {
        let session = try await PostgresSession.test()
        let rows = try await session.execute(
            Statement("test.names", "SELECT n AS a, n + 10 AS b, nullif(n, 1)::text AS c FROM generate_series(1, 2) n")
        )
        for (index, row) in rows.enumerated() {
            #expect(try row["c"] as String? == (index == 0 ? nil : "2"))
            #expect(try row["a"] as Int == index + 1)
            #expect(try row["b"] as Int == index + 11)
            #expect(try row["a"] as Int64 == Int64(index + 1))
        }
        #expect(throws: PostgresError.self) { try rows[0]["c"] as String }
        #expect(throws: PostgresError.self) { try rows[1]["c"] as Int }
    }

    @Test func `rows are counted and kept in order`() async throws {
        let session = try await PostgresSession.test()
        let result = try await session.execute(Statement("test.rows", "SELECT generate_series(1, 1000)"))
        #expect(try result.map { try $0.decode(Int.self) } == Array(1...1000))
        #expect(result.affectedRows == 1000)
        #expect(try result.last?.decode(Int.self) == 1000)
    }

    @Test func `a wrong type, a NULL and a missing column are decoding errors that name the place`() async throws {
        let session = try await PostgresSession.test()
        let row = try await session.execute(Statement("test.wrong", "SELECT 'hidden' AS word, NULL::int AS gap"))[0]
        let wrong = #expect(throws: PostgresError.self) { try row.decode(Int.self, Int?.self) }
        let null = #expect(throws: PostgresError.self) { try row.decode(String.self, Int.self) }
        let short = #expect(throws: PostgresError.self) { try row.decode(String.self) }
        #expect([wrong?.column, null?.column, short?.column] == ["word", "gap", nil])
        for error in [wrong, null, short] {
            #expect(error?.kind == .decoding)
            #expect(error?.statement == "test.wrong")
            #expect(error.map { "\($0)".contains("hidden") } == false)
        }
    }
}
