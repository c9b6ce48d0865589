// SPDX-License-Identifier: Apache-2.0

/// Durations as people write them: `24h`, `90m`, `30s`, `1h30m`, `7d`.
package enum DurationText {
    private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

    /// Whole seconds, or `nil`. Valid are `0`, and numbers with units, each unit once and larger ones first.
    package static func seconds(_ text: String) -> Int? {
        if text == "0" { return 0 }
        var total = 0
        var rest = text[...]
        var units = Self.units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let value = Int(digits), let letter = rest.dropFirst(digits.count).first,
                let unit = units.firstIndex(where: { $0.letter == letter })
            else { return nil }
            let (seconds, overflows) = value.multipliedReportingOverflow(by: units[unit].seconds)
            // The limit of the database's column: 68 years.
            guard !overflows, seconds <= Int(Int32.max) - total else { return nil }
            total += seconds
            units = units[(unit + 1)...]
            rest = rest.dropFirst(digits.count + 1)
        }
        return text.isEmpty ? nil : total
    }
}
