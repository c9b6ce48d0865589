// SPDX-License-Identifier: Apache-2.0

/// Durations as people write them: `15s`, `1m`, `24h`, `1h30m`, `250ms`, `7d`.
package enum DurationNotation {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// `nil` unless the text is `0`, or numbers with units, each unit once and larger ones first.
    package static func read(_ text: String) -> Duration? {
        milliseconds(text, units[...]).map { .milliseconds($0) }
    }

    /// Whole seconds, without milliseconds, within the range of the database's `integer`: 68 years.
    package static func seconds(_ text: String) -> Int? {
        guard let milliseconds = milliseconds(text, units.dropLast()) else { return nil }
        let seconds = Int(milliseconds / 1_000)
        return seconds <= Int32.max ? seconds : nil
    }

    private static func milliseconds(_ text: String, _ units: ArraySlice<(name: String, milliseconds: Int64)>) -> Int64?
    {
        if text == "0" { return 0 }
        guard !text.isEmpty else { return nil }
        var total: Int64 = 0
        var rest = text[...]
        var units = units
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let number = Int64(digits), let index = units.firstIndex(where: { $0.name == name }) else {
                return nil
            }
            let (part, tooLarge) = number.multipliedReportingOverflow(by: units[index].milliseconds)
            let (sum, overflows) = total.addingReportingOverflow(part)
            guard !tooLarge, !overflows else { return nil }
            total = sum
            units = units[(index + 1)...]
        }
        return total
    }

    /// The shortest notation; milliseconds are the smallest unit.
    package static func write(_ duration: Duration) -> String {
        var rest = duration.milliseconds
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units.dropFirst() where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
