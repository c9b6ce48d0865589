// SPDX-License-Identifier: Apache-2.0

import Basics
import Time

/// The address of a page: its path, and its query in order. It can be shared.
struct ConsoleAddress: Sendable {
    let path: String
    private(set) var query: [(name: String, value: String)]

    init(_ path: String, _ query: [(name: String, value: String)] = []) {
        self.path = path
        self.query = query.filter { !$0.value.isEmpty }
    }

    /// Reads a path with a query; what is not percent-encoded UTF-8 is left out.
    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let pairs = parts.count > 1 ? parts[1].split(separator: "&") : []
        self.init(
            String(parts[0]),
            pairs.compactMap { pair in
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2, let name = PercentEncoding.decode(sides[0]),
                    let value = PercentEncoding.decode(sides[1])
                else { return nil }
                return (name, value)
            }
        )
    }

    /// The address of a page with names in its path.
    static func of(_ parts: String...) -> String {
        "/" + parts.map { PercentEncoding.encode($0) }.joined(separator: "/")
    }

    /// The value of a part of the query; `nil`: it is not there, or empty.
    subscript(name: String) -> String? { query.first { $0.name == name }?.value }

    /// The times of ``since(_:)``.
    static let times: [(name: String, seconds: Int)] = [
        ("1h", 3_600), ("24h", 86_400), ("7d", 604_800), ("30d", 2_592_000),
    ]

    /// The beginning of the time in the address; `nil`: there is none.
    func since(_ now: Instant) -> Instant? {
        Self.times.first { $0.name == self["within"] }.map { now - .seconds($0.seconds) }
    }

    /// The same address with another value, from the first page on.
    func with(_ name: String, _ value: String?) -> ConsoleAddress {
        var changed = query.filter { $0.name != name && $0.name != "page" && $0.name != "cursor" }
        if let value, !value.isEmpty { changed.append((name, value)) }
        return ConsoleAddress(path, changed)
    }

    var text: String {
        guard !query.isEmpty else { return path }
        return path + "?"
            + query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
    }
}
