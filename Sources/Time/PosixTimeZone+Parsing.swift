// SPDX-License-Identifier: Apache-2.0

extension PosixTimeZone {
    init(_ text: ArraySlice<UInt8>) throws(TimeZoneError) {
        guard let rule = PosixTimeZoneReader(text).read() else {
            throw TimeZoneError(message: "the time zone rule '\(String(decoding: text, as: UTF8.self))' is malformed")
        }
        self = rule
    }
}

/// Every method returns `nil` where the text is malformed.
private struct PosixTimeZoneReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) {
        rest = text
    }

    consuming func read() -> PosixTimeZone? {
        guard skipName(), let west = time(hours: 0...24) else { return nil }
        if rest.isEmpty { return PosixTimeZone(standardOffset: -west, daylight: nil) }
        guard skipName() else { return nil }
        var offset = 3_600 - west
        if rest.first != UInt8(ascii: ",") {
            guard let west = time(hours: 0...24) else { return nil }
            offset = -west
        }
        guard skip(","), let start = change(), skip(","), let end = change(), rest.isEmpty else { return nil }
        return PosixTimeZone(
            standardOffset: -west,
            daylight: PosixTimeZone.Daylight(offset: offset, start: start, end: end)
        )
    }

    /// Letters, or anything between angle brackets.
    private mutating func skipName() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let name = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
        rest = rest[name.endIndex...]
        return name.count >= 3
    }

    private mutating func change() -> PosixTimeZone.YearlyChange? {
        guard let day = day() else { return nil }
        guard skip("/") else { return PosixTimeZone.YearlyChange(day: day, seconds: 7_200) }
        return time(hours: 0...167).map { PosixTimeZone.YearlyChange(day: day, seconds: $0) }
    }

    private mutating func day() -> PosixTimeZone.YearlyChange.Day? {
        if skip("J") {
            return number(1...365).map { .withoutLeapDay($0) }
        }
        if skip("M") {
            guard
                let month = number(1...12), skip("."),
                let week = number(1...5), skip("."),
                let weekday = number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        return number(0...365).map { .withLeapDay($0) }
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private mutating func time(hours: ClosedRange<Int>) -> Int? {
        let sign = skip("-") ? -1 : 1
        if sign == 1 { _ = skip("+") }
        guard var seconds = number(hours) else { return nil }
        seconds *= 3_600
        for unit in [60, 1] where skip(":") {
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest[digits.endIndex...]
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}
