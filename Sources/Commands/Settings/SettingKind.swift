// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a setting's value may be, how it is read, and how it is written.
struct SettingKind<Value: Sendable>: Sendable {
    /// Completes "expected ...".
    let expectation: String
    let isList: Bool
    let isObject: Bool
    /// `nil`: it is not what was expected.
    let read: @Sendable (SettingText) -> Value?
    /// As the file would say it; `nil`: there is no value.
    let write: @Sendable (Value) -> String?

    init(
        _ expectation: String,
        isList: Bool = false,
        isObject: Bool = false,
        read: @escaping @Sendable (SettingText) -> Value?,
        write: @escaping @Sendable (Value) -> String?
    ) {
        self.expectation = expectation
        self.isList = isList
        self.isObject = isObject
        self.read = read
        self.write = write
    }

    /// A kind whose values are one scalar.
    fileprivate static func scalar(
        _ expectation: String,
        isObject: Bool = false,
        read: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> String?
    ) -> Self {
        Self(
            expectation,
            isObject: isObject,
            read: { text in
                guard case .scalar(let scalar) = text else { return nil }
                return read(scalar)
            },
            write: write
        )
    }
}

extension SettingKind where Value == String {
    static let text = scalar("text") {
        $0
    } write: {
        $0
    }

    /// A JSON object, or a mapping of the configuration file; read as JSON.
    static let object = scalar("a JSON object such as {\"scope\":\"organization\",\"owner\":\"\"}", isObject: true) {
        text in
        let object = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
        return object == nil ? nil : text
    } write: {
        $0
    }
}

extension SettingKind where Value == String? {
    static let optionalText = scalar("text") {
        .some($0)
    } write: {
        $0
    }
}

extension SettingKind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        scalar("a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        } write: {
            String($0)
        }
    }
}

extension SettingKind where Value == Int {
    /// Bytes.
    static func size(_ range: ClosedRange<Int>) -> Self {
        let (least, most) = (SizeNotation.write(range.lowerBound), SizeNotation.write(range.upperBound))
        return scalar("a size from \(least) to \(most), such as 16MiB") { text in
            SizeNotation.read(text).flatMap { range.contains($0) ? $0 : nil }
        } write: {
            SizeNotation.write($0)
        }
    }
}

extension SettingKind where Value == Bool {
    static let flag = scalar("true or false") { text in
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    } write: {
        String($0)
    }
}

extension SettingKind where Value == Duration {
    /// - Parameter shortest: What is shorter is refused.
    static func duration(atLeast shortest: Duration = .zero) -> Self {
        let bound = shortest == .zero ? "" : " of at least \(DurationNotation.write(shortest))"
        return scalar("a duration\(bound), such as 15s, 1m or 24h") { text in
            DurationNotation.read(text).flatMap { $0 >= shortest ? $0 : nil }
        } write: {
            DurationNotation.write($0)
        }
    }
}

extension SettingKind where Value == [String] {
    static let list = Self("a list", isList: true) { text in
        switch text {
        case .list(let items): items
        case .scalar: nil
        }
    } write: {
        "[\($0.joined(separator: ", "))]"
    }
}

extension SettingKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        let expectation = "one of \(names.joined(separator: ", "))"
        return scalar(expectation) {
            Value(rawValue: $0)
        } write: {
            $0.rawValue
        }
    }
}
