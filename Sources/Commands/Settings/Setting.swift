// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials

/// One setting: how its value is read, written and described.
struct Setting<Value: Sendable>: AnySetting {
    let key: SettingKey
    let defaultValue: Value
    /// `nil`: the text is not valid.
    let read: @Sendable (SettingText) -> Value?

    /// - Parameters:
    ///   - expectation: Completes "expected ...".
    ///   - defaultNote: Describes a default that is determined at run time.
    ///   - write: The value as in the file; `nil` if there is none.
    private init(
        _ name: String,
        _ help: String,
        _ expectation: String,
        default defaultValue: Value,
        defaultNote: String? = nil,
        form: SettingKey.Form = .scalar,
        isSecret: Bool = false,
        write: (Value) -> String? = { "\($0)" },
        read: @escaping @Sendable (SettingText) -> Value?
    ) {
        self.defaultValue = defaultValue
        self.read = read
        key = SettingKey(
            name: name,
            help: help,
            expectation: expectation,
            defaultText: write(defaultValue),
            defaultNote: defaultNote,
            form: form,
            isSecret: isSecret,
            accepts: { read($0) != nil }
        )
    }
}

extension Setting where Value == String? {
    /// Optional text.
    init(_ name: String, defaultNote: String? = nil, isSecret: Bool = false, _ help: String) {
        self.init(
            name,
            help,
            "text",
            default: nil,
            defaultNote: defaultNote,
            isSecret: isSecret,
            write: { $0 },
            read: { text in text.scalar.map(Optional.some) }
        )
    }
}

extension Setting where Value == String {
    init(_ name: String, default defaultValue: String, _ help: String) {
        self.init(name, help, "text", default: defaultValue, read: \.scalar)
    }

    /// A JSON object of strings, or a mapping of the configuration file; read as JSON.
    init(object name: String, default defaultValue: String, _ help: String) {
        let expectation = "a JSON object such as {\"scope\":\"organization\",\"owner\":\"\"}"
        self.init(name, help, expectation, default: defaultValue, form: .object) { text in
            text.scalar.flatMap { json in
                (try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))).map { _ in json }
            }
        }
    }
}

extension Setting where Value == Int {
    init(_ name: String, _ range: ClosedRange<Int>, default defaultValue: Int, _ help: String) {
        let expectation = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        self.init(name, help, expectation, default: defaultValue) { text in
            text.scalar.flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    init(_ name: String, bytes range: ClosedRange<Int>, default defaultValue: Int, _ help: String) {
        let (least, most) = (SizeNotation.write(range.lowerBound), SizeNotation.write(range.upperBound))
        let expectation = "a size from \(least) to \(most), such as 16MiB"
        self.init(name, help, expectation, default: defaultValue, write: SizeNotation.write) { text in
            text.scalar.flatMap(SizeNotation.read).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting where Value == Bool {
    init(_ name: String, default defaultValue: Bool, _ help: String) {
        self.init(name, help, "true or false", default: defaultValue) { text in
            switch text.scalar?.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }
}

extension Setting where Value == Duration {
    /// - Parameter shortest: Shorter durations are refused.
    init(_ name: String, atLeast shortest: Duration = .zero, default defaultValue: Duration, _ help: String) {
        let bound = shortest == .zero ? "" : " of at least \(DurationNotation.write(shortest))"
        let expectation = "a duration\(bound), such as 15s, 1m or 24h"
        self.init(name, help, expectation, default: defaultValue, write: DurationNotation.write) { text in
            text.scalar.flatMap(DurationNotation.read).flatMap { $0 >= shortest ? $0 : nil }
        }
    }
}

extension Setting where Value == [String] {
    init(_ name: String, _ help: String) {
        self.init(name, help, "a list", default: [], form: .list, write: { _ in "[]" }) { text in
            if case .list(let items) = text { items } else { nil }
        }
    }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    init(_ name: String, default defaultValue: Value, _ help: String) {
        let expectation = "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))"
        self.init(name, help, expectation, default: defaultValue, write: { $0.rawValue }) { text in
            text.scalar.flatMap { Value(rawValue: $0) }
        }
    }
}

/// A setting, whatever the type of its value.
protocol AnySetting: Sendable {
    var key: SettingKey { get }
}

/// The properties of a setting without the type of its value.
struct SettingKey: Sendable {
    /// A description of valid values.
    enum Form {
        case scalar, list
        /// Whether a mapping in the file stands for a JSON object.
        case object
    }

    /// Its path in the configuration file, joined by dots.
    let name: String
    /// Its description, in a sentence or two.
    let help: String
    /// The end of the sentence "expected ...".
    let expectation: String
    /// The default as the file would have it; `nil`: no value.
    let defaultText: String?
    let defaultNote: String?
    let form: Form
    /// Whether it is a secret: never shown, and readable from the file that ``fileVariable`` names.
    let isSecret: Bool
    /// Whether the text is a valid value.
    let accepts: @Sendable (SettingText) -> Bool

    var components: [String] { name.split(separator: ".").map(String.init) }

    /// `STOKER_` and the name in upper case, joined by `_`.
    var environmentVariable: String { "STOKER_" + name.uppercased().replacing(".", with: "_") }

    /// The variable that names a file with the secret, as container platforms mount them.
    var fileVariable: String { environmentVariable + "_FILE" }

    /// The default in the documentation.
    var shownDefault: String { defaultNote ?? defaultText.map { $0.isEmpty ? "none" : $0 } ?? "none" }
}
