// SPDX-License-Identifier: Apache-2.0

/// The notation of sizes in settings: `512KiB`, `64MiB`, `1GiB`, or a number of bytes.
enum SizeNotation {
    private static let units: [(name: String, bytes: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    /// `nil` unless the text is a whole number, with one of the units or without.
    static func read(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count)
        guard let number = Int(digits) else { return nil }
        if name.isEmpty { return number }
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflows ? nil : bytes
    }

    /// With the largest unit that gives a whole number.
    static func write(_ bytes: Int) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes % $0.bytes == 0 }) else { return String(bytes) }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
