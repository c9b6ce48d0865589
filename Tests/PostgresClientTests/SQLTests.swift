// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Testing

@Suite struct SQLTests {
    @Test func `values become placeholders in order`() {
        let sql: SQL = "SELECT \(1), \("x") WHERE \(true)"
        #expect(sql.text == "SELECT $1, $2 WHERE $3")
    }

    @Test func `a fragment's placeholders are renumbered, beyond nine too`() {
        let fragment: SQL = "a = \(1) OR é = \("é")"
        var sql: SQL = "\(0)"
        for _ in 0..<5 { sql = "\(sql: sql), (\(sql: fragment))" }
        let expected = "$1" + (0..<5).map { ", (a = $\(2 * $0 + 2) OR é = $\(2 * $0 + 3))" }.joined()
        #expect(sql.text == expected)
    }

    @Test func `a spliced statement equals the one written at once`() {
        let limit: SQL = "LIMIT \(2) OFFSET \(3)"
        let spliced: SQL = "SELECT \(1) \(sql: limit)"
        let whole: SQL = "SELECT \(1) LIMIT \(2) OFFSET \(3)"
        #expect(spliced == whole)
    }

    @Test func `a literal integer is part of the text`() {
        let sql: SQL = "SELECT 1 LIMIT \(literal: 50)"
        #expect(sql == "SELECT 1 LIMIT 50")
    }

    @Test func `an identifier is quoted`() {
        let sql: SQL = "DROP TABLE \(identifier: "a\"b\0c; --")"
        #expect(sql == "DROP TABLE \"a\"\"bc; --\"")
    }

    @Test func `a quoted text is a literal`() {
        let sql: SQL = "status = \(quoted: "it's\0 \"so\"")"
        #expect(sql == "status = 'it''s \"so\"'")
    }

    @Test func `statements with other values are other statements`() {
        let one: SQL = "SELECT \(1)"
        let two: SQL = "SELECT \(2)"
        #expect(one != two)
        #expect(one.text == two.text)
    }
}
