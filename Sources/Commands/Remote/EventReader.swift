// SPDX-License-Identifier: Apache-2.0

/// Reads server-sent events from bytes as they come (HTML Living Standard, 9.2.6).
struct EventReader {
    struct Event: Hashable {
        var name = "message"
        var id: String?
        var data = ""
    }

    /// Far more than a line of a log or a job is; whoever sends more at a time sends no events.
    private static let maximumBytes = 16 << 20

    /// What came behind the last whole event.
    private(set) var rest: [UInt8] = []
    /// How much of ``rest`` is known to hold no end of an event: each byte is looked at once, however small the chunks are.
    private var searched = 0

    /// The events that are whole now. Comments are left out. Throws ``CommandError`` for an event without end.
    mutating func take(_ chunk: [UInt8]) throws -> [Event] {
        rest += chunk
        var events: [Event] = []
        var start = 0
        var index = max(searched, 1)
        while index < rest.count {
            if rest[index] == 10, rest[index - 1] == 10, index > start {
                if let event = Self.event(String(decoding: rest[start..<index - 1], as: UTF8.self)) {
                    events.append(event)
                }
                start = index + 1
                index += 1
            }
            index += 1
        }
        rest.removeFirst(start)
        searched = rest.count
        guard rest.count <= Self.maximumBytes else {
            throw CommandError(
                "the server sent an event of more than \(Self.maximumBytes >> 20) MiB",
                remedy: "See that it is a Stoker of this release."
            )
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
