// SPDX-License-Identifier: Apache-2.0

/// One thing that can be configured.
struct Setting<Value: Sendable>: Sendable {
    let key: SettingKey
    let kind: SettingKind<Value>
    let defaultValue: Value

    /// - Parameter defaultNote: What to say of a default that is found out at run time.
    init(
        _ name: String,
        _ kind: SettingKind<Value>,
        default defaultValue: Value,
        defaultNote: String? = nil,
        isSecret: Bool = false,
        _ help: String
    ) {
        self.kind = kind
        self.defaultValue = defaultValue
        key = SettingKey(
            name: name,
            help: help,
            expectation: kind.expectation,
            defaultText: kind.write(defaultValue),
            defaultNote: defaultNote,
            isSecret: isSecret,
            isList: kind.isList,
            isObject: kind.isObject,
            accepts: { kind.read($0) != nil }
        )
    }
}

/// A setting whatever the type of its value: an entry of the table.
struct SettingKey: Sendable {
    /// Its path in the configuration file, joined by dots.
    let name: String
    /// What it does, in a sentence or two.
    let help: String
    /// Completes "expected ...".
    let expectation: String
    /// As the file would say it; `nil`: no value.
    let defaultText: String?
    let defaultNote: String?
    /// Never shown, and may be read from a file named by ``fileVariable``.
    let isSecret: Bool
    let isList: Bool
    /// A mapping in the file stands for a JSON object.
    let isObject: Bool
    /// Whether the text is what was expected.
    let accepts: @Sendable (SettingText) -> Bool

    var components: [String] { name.split(separator: ".").map(String.init) }

    /// `STOKER_` and the name in upper case, joined by `_`.
    var environmentVariable: String {
        "STOKER_" + name.uppercased().split(separator: ".").joined(separator: "_")
    }

    /// Names a file that holds the secret, as container platforms mount them.
    var fileVariable: String { environmentVariable + "_FILE" }

    /// What the documentation says of the default.
    var shownDefault: String { defaultNote ?? defaultText.map { $0.isEmpty ? "none" : $0 } ?? "none" }
}
