// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Store
import Time

/// The cursor of a list; opaque to clients, so that the order can change.
enum Cursor {
    /// The fields of every long list.
    static let fields = [
        Field("limit", .integer(1...1000), "The most elements in one page."),
        Field("cursor", .text(most: 200), "The cursor of the previous page's link `next`."),
    ]

    /// The default size of a page.
    private static let usual = 100

    /// A page of a list in order of creation.
    ///
    /// - Parameter fetch: Called with the end of the previous page, and the number of elements to read.
    static func page<Element: Codable & Sendable, Kind>(
        _ limit: Int?,
        _ cursor: String?,
        fetch: (PageMark<Kind>?, Int) async throws -> [Element],
        mark: (Element) -> PageMark<Kind>
    ) async throws -> Page<Element> {
        let limit = limit ?? usual
        // One more than requested shows whether there is another page.
        let found = try await fetch(try cursor.map(read), limit + 1)
        let page = Array(found.prefix(limit))
        let next = found.count > limit ? page.last.map { write(mark($0)) } : nil
        return Page(page, next: next)
    }

    static func encode(_ text: String) -> String { Base64URL.encode(text.utf8) }

    static func decode(_ cursor: String) throws(Refusal) -> String {
        guard let bytes = Base64URL.decode(cursor), !bytes.contains(0),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw unreadable }
        return text
    }

    /// The cursor of a list in order of numbers.
    static func number(_ cursor: String) throws(Refusal) -> Int64 {
        guard let number = Int64(try decode(cursor)) else { throw unreadable }
        return number
    }

    private static let unreadable = Refusal(
        .invalid,
        "The cursor is invalid",
        remedy: "Begin without a cursor, and follow the link 'next'."
    )

    private static func write<Kind>(_ mark: PageMark<Kind>) -> String {
        encode("\(mark.createdAt) \(mark.id)")
    }

    private static func read<Kind>(_ cursor: String) throws(Refusal) -> PageMark<Kind> {
        let parts = try decode(cursor).split(separator: " ")
        guard parts.count == 2, let createdAt = Instant(iso8601: parts[0]), let id = Identifier<Kind>(parts[1]) else {
            throw unreadable
        }
        return PageMark(createdAt: createdAt, id: id)
    }
}
