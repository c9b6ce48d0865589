// SPDX-License-Identifier: Apache-2.0

/// Reads server-sent events from bytes as they come (HTML Living Standard, 9.2.6).
struct EventReader {
    struct Event: Hashable {
        var name = "message"
        var id: String?
        var data = ""
    }

    /// What came behind the last whole event.
    private(set) var rest: [UInt8] = []

    /// The events that are whole now. Comments are left out.
    mutating func take(_ chunk: [UInt8]) -> [Event] {
        rest += chunk
        var events: [Event] = []
        while let end = zip(rest.indices, rest.indices.dropFirst()).first(where: { rest[$0] == 10 && rest[$1] == 10 }) {
            if let event = Self.event(String(decoding: rest[..<end.0], as: UTF8.self)) { events.append(event) }
            rest.removeFirst(end.1 + 1)
        }
        return events
    }

    private static func event(_ block: String) -> Event? {
        var event = Event()
        var data: [Substring] = []
        for line in block.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { continue }
            var value = line[line.index(after: colon)...]
            if value.first == " " { value.removeFirst() }
            switch line[..<colon] {
            case "event": event.name = String(value)
            case "id": event.id = String(value)
            case "data": data.append(value)
            default: break
            }
        }
        guard !data.isEmpty else { return nil }
        event.data = data.joined(separator: "\n")
        return event
    }
}
