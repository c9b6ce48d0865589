// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// Shortens an event's body until it fits, the longest parts first.
enum Truncation {
    /// - Parameter render: Renders the event; it is passed whether anything was cut.
    static func body(of event: Event, within limit: Int, render: (Event, Bool) -> JSON) -> [UInt8] {
        let whole = render(event, false).encoded
        if whole.count <= limit { return whole }
        for step in [4096, 2048, 1024, 512, 256, 128, 64] {
            let body = render(event.cut(strings: step, collections: step / 8), true).encoded
            if body.count <= limit { return body }
        }
        // Deeply nested: the data are dropped, the labels stay.
        var bare = event.cut(strings: 64, collections: 8)
        bare.data = [:]
        return render(bare, true).encoded
    }
}

extension Event {
    fileprivate func cut(strings: Int, collections: Int) -> Event {
        var event = self
        event.subject = subject.cut(to: strings)
        event.labels = Dictionary(uniqueKeysWithValues: labels.ordered.prefix(collections)).mapValues {
            $0.cut(to: strings)
        }
        event.data = Dictionary(uniqueKeysWithValues: data.ordered.prefix(collections * 2)).mapValues {
            $0.cut(strings: strings, collections: collections)
        }
        event.targets = targets.prefix(collections).map { $0.cut(to: strings) }
        event.recipients = recipients.prefix(collections).map { recipient in
            Recipient(
                id: recipient.id,
                username: recipient.username.cut(to: strings),
                name: recipient.name.cut(to: strings),
                email: recipient.email.cut(to: strings)
            )
        }
        return event
    }
}

extension JSON {
    fileprivate func cut(strings: Int, collections: Int) -> JSON {
        switch self {
        case .null, .bool, .number: self
        case .string(let text): .string(text.cut(to: strings))
        case .array(let elements):
            .array(elements.prefix(collections).map { $0.cut(strings: strings, collections: collections) })
        case .object:
            .object(
                Dictionary(uniqueKeysWithValues: (members ?? [:]).ordered.prefix(collections)).mapValues {
                    $0.cut(strings: strings, collections: collections)
                }
            )
        }
    }
}

extension String {
    /// The beginning and the end, when it is longer than `limit` bytes: a log begins with what was tried and ends with
    /// the error.
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let half = limit / 2
        return String(decoding: utf8.prefix(half), as: UTF8.self) + "…"
            + String(decoding: utf8.suffix(half), as: UTF8.self)
    }
}

extension Dictionary where Key == String {
    fileprivate var ordered: [(String, Value)] { sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
