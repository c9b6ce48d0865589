// SPDX-License-Identifier: Apache-2.0

/// Reads server-sent events from bytes as they come (HTML Living Standard, 9.2.6).
struct EventReader {
    struct Event: Hashable {
        var name = "message"
        var id: String?
        var data = ""
    }

    /// Far longer than a line of a log or a job; longer input is not an event stream.
    private static let maximumBytes = 16 << 20

    /// The bytes after the last complete event.
    private(set) var rest: [UInt8] = []
    /// How much of ``rest`` contains no end of an event, so that each byte is examined once, however small the chunks
    /// are.
    private var searched = 0

    /// The events that are complete now, without comments. Throws ``CommandError`` for an event that is too long.
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
                remedy: "Check that it is a Stoker server of this release."
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
