// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a cron expression, and where.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field's name in words; `nil` when it is the number of fields.
    package let field: String?
    /// The first character concerned, counted from 1.
    package let position: Int
    package let message: String

    package init(field: String?, position: Int, message: String) {
        self.field = field
        self.position = position
        self.message = message
    }

    package var description: String {
        "\(field.map { "\($0), " } ?? "")character \(position): \(message)"
    }
}

/// One of the five fields.
enum CronField: Int, CaseIterable {
    case minute, hour, dayOfMonth, month, dayOfWeek

    var label: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// 7 is Sunday as well as 0.
    var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The values of `*`.
    var everything: ClosedRange<Int> {
        self == .dayOfWeek ? 0...6 : range
    }

    /// In lower case; the first stands for the least value of the range.
    var names: [String] {
        switch self {
        case .minute, .hour, .dayOfMonth: []
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }
}

/// The fields of an expression, each with its place in the text.
struct CronFields {
    private let fields: [ArraySlice<UInt8>]

    init(_ text: String) throws(CronError) {
        let bytes = Array(text.utf8)
        fields = bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let expected = CronField.allCases.count
        guard fields.count == expected else {
            let position = fields.count > expected ? fields[expected].startIndex : bytes.count
            throw CronError(
                field: nil,
                position: position + 1,
                message: "\(expected) fields are expected (minute, hour, day of month, month, day of week), "
                    + "and there \(fields.count == 1 ? "is 1" : "are \(fields.count)")"
            )
        }
    }

    /// An expression describes a window, not a moment, so the minute must be `*`.
    func checkMinute() throws(CronError) {
        let minute = fields[CronField.minute.rawValue]
        guard minute.elementsEqual("*".utf8) else {
            throw error(.minute, at: minute, "'\(words(minute))' must be '*': a schedule covers whole hours")
        }
    }

    func isRestricted(_ field: CronField) -> Bool {
        fields[field.rawValue].first != UInt8(ascii: "*")
    }

    /// The values that the field matches, as bits.
    func values(of field: CronField) throws(CronError) -> UInt32 {
        let text = fields[field.rawValue]
        if text.elementsEqual("*".utf8) { return field.everything.reduce(0) { $0 | 1 << UInt32($1) } }
        var bits: UInt32 = 0
        for item in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw error(field, at: item, "a value is missing beside a comma") }
            bits |= try values(of: item, field)
        }
        // Sunday has two numbers.
        if field == .dayOfWeek, bits & 1 << 7 != 0 { bits = bits & 0x7f | 1 }
        return bits
    }

    /// The values of `*`, `a`, `a-b`, or one of these with `/step`. A step after a single value runs to the end.
    private func values(of item: ArraySlice<UInt8>, _ field: CronField) throws(CronError) -> UInt32 {
        let parts = item.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let base = parts[0]
        var step = 1
        if parts.count > 1 {
            guard parts.count == 2, let number = number(parts[1]), number > 0 else {
                throw error(field, at: parts[1], "a step is a number above 0, as in '*/2'")
            }
            step = number
        }
        let range: ClosedRange<Int>
        if base.elementsEqual("*".utf8) {
            range = field.everything
        } else if parts.count == 1 || base.contains(UInt8(ascii: "-")) {
            range = try self.range(of: base, field)
        } else {
            let first = try value(base, field)
            range = first...max(first, field.everything.upperBound)
        }
        return stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(0) { $0 | 1 << UInt32($1) }
    }

    private func range(of base: ArraySlice<UInt8>, _ field: CronField) throws(CronError) -> ClosedRange<Int> {
        let bounds = base.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard bounds.count <= 2 else { throw error(field, at: base, "'\(words(base))' is not a range such as 9-17") }
        let first = try value(bounds[0], field)
        guard bounds.count == 2 else { return first...first }
        var last = try value(bounds[1], field)
        // FRI-SUN: a week that ends with Sunday.
        if field == .dayOfWeek, last == 0, first > 0, number(bounds[1]) == nil { last = 7 }
        guard first <= last else {
            throw error(field, at: base, "the range '\(words(base))' ends before it begins; write it as two")
        }
        return first...last
    }

    private func value(_ text: ArraySlice<UInt8>, _ field: CronField) throws(CronError) -> Int {
        let range = field.range
        if let number = number(text) {
            guard range.contains(number) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                throw error(field, at: text, "'\(words(text))' is not within \(bounds)")
            }
            return number
        }
        if let index = field.names.firstIndex(of: words(text).lowercased()) { return range.lowerBound + index }
        let expected =
            switch field {
            case .month: "a number or a name such as JAN"
            case .dayOfWeek: "a number or a name such as MON"
            default: "a number"
            }
        throw error(field, at: text, text.isEmpty ? "\(expected) is missing" : "'\(words(text))' is not \(expected)")
    }

    /// Digits only, and few enough not to overflow.
    private func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.count <= 9, text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return text.isEmpty ? nil : text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private func words(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text, as: UTF8.self)
    }

    private func error(_ field: CronField, at text: ArraySlice<UInt8>, _ message: String) -> CronError {
        CronError(field: field.label, position: text.startIndex + 1, message: message)
    }
}
