// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PostgresClient

@Suite struct PreparedStatementsTests {
    private func key(_ text: String) -> PreparedStatements.Key {
        PreparedStatements.Key(SQL(trusted: text))
    }

    @Test func `a statement is prepared once`() {
        var prepared = PreparedStatements(limit: 2)
        let lookups = [prepared.lookUp(key("a")), prepared.lookUp(key("a")), prepared.lookUp(key("b"))]
        #expect(lookups == [.new("stoker_1"), .known("stoker_1"), .new("stoker_2")])
    }

    @Test func `the same text with other types is another statement`() {
        var prepared = PreparedStatements(limit: 2)
        let lookups = [
            prepared.lookUp(PreparedStatements.Key("SELECT \(1)")),
            prepared.lookUp(PreparedStatements.Key("SELECT \("1")")),
        ]
        #expect(lookups == [.new("stoker_1"), .new("stoker_2")])
    }

    @Test func `the statement used longest ago gives way`() {
        var prepared = PreparedStatements(limit: 2)
        for text in ["a", "b", "a", "c"] { _ = prepared.lookUp(key(text)) }
        #expect(prepared.discarded == ["stoker_2"])
        #expect(prepared.lookUp(key("a")) == .known("stoker_1"))
        #expect(prepared.lookUp(key("b")) == .new("stoker_4"))
        prepared.deallocated("stoker_2")
        #expect(prepared.discarded == ["stoker_3"])
    }

    @Test func `a forgotten statement is prepared anew and not deallocated`() {
        var prepared = PreparedStatements(limit: 2)
        _ = prepared.lookUp(key("a"))
        prepared.forget(key("a"))
        #expect(prepared.discarded.isEmpty)
        #expect(prepared.lookUp(key("a")) == .new("stoker_2"))
    }
}
