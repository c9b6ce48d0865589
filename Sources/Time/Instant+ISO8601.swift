// SPDX-License-Identifier: Apache-2.0

extension Instant {
    /// Later than any moment of a calendar; what `infinity` in the database is read as.
    package static let distantFuture = Self(microseconds: .max)

    /// Reads the profile of ISO 8601 that RFC 3339 describes: `2025-06-02T03:00:00Z`, with a fraction of a second or
    /// an offset such as `+02:00` if need be. `nil` for anything else, local times without an offset included.
    ///
    /// Digits beyond microseconds are cut off. A leap second (`:60`) is refused, since the database knows none.
    package init?(iso8601 text: some StringProtocol) {
        var reader = TimestampReader(text.utf8)
        guard
            let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"),
            let minute = reader.number(digits: 2), reader.skip(":"),
            let second = reader.number(digits: 2),
            let fraction = reader.fraction(),
            let offset = reader.offset(), reader.isAtEnd,
            (1...12).contains(month),
            (1...CivilDate.daysInMonth(month, leapYear: CivilDate.isLeap(Int64(year)))).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = CivilDate(year: Int64(year), month: month, day: day).daysSinceEpoch
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
        self.init(microseconds: seconds * 1_000_000 + Int64(fraction))
    }

    /// In UTC, as in RFC 3339: whole seconds, or six decimals when there is a fraction.
    package var iso8601: String {
        let secondOfDay = Int(Self.floorModulo(seconds, 86_400))
        let date = CivilDate(daysSinceEpoch: (seconds - Int64(secondOfDay)) / 86_400)
        let fraction = Int(Self.floorModulo(microseconds, 1_000_000))
        var text = date.year < 0 ? "-" : ""
        text += Self.padded(Int(date.year.magnitude), to: 4)
        text += "-" + Self.padded(date.month, to: 2)
        text += "-" + Self.padded(date.day, to: 2)
        text += "T" + Self.padded(secondOfDay / 3_600, to: 2)
        text += ":" + Self.padded(secondOfDay / 60 % 60, to: 2)
        text += ":" + Self.padded(secondOfDay % 60, to: 2)
        if fraction != 0 { text += "." + Self.padded(fraction, to: 6) }
        return text + "Z"
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
    }
}

extension Instant: CustomStringConvertible {
    package var description: String { iso8601 }
}

extension Instant: Codable {
    /// The text of ``distantFuture``, which has no calendar date.
    private static let never = "infinity"

    /// From a string in the form of ``iso8601``, or `infinity`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = text == Self.never ? .distantFuture : Self(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not a time such as 2025-06-02T03:00:00Z"
            )
        }
        self = instant
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self == .distantFuture ? Self.never : iso8601)
    }
}

/// A reader of a timestamp's bytes. One unexpected part makes the whole timestamp unreadable.
private struct TimestampReader<Bytes: Sequence<UInt8>> {
    private var bytes: Bytes.Iterator
    private var next: UInt8?

    init(_ bytes: Bytes) {
        self.bytes = bytes.makeIterator()
        next = self.bytes.next()
    }

    var isAtEnd: Bool { next == nil }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        next = bytes.next()
        return true
    }

    mutating func digit() -> Int? {
        guard let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        next = bytes.next()
        return Int(byte - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Microseconds; 0 when there is no fraction.
    mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        guard var value = digit() else { return nil }
        var digits = 1
        while let digit = digit() {
            if digits < 6 { value = value * 10 + digit }
            digits += 1
        }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let sign = skip("+") ? 1 : skip("-") ? -1 : 0
        guard sign != 0, let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2) else { return nil }
        guard hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
