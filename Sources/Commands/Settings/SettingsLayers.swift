// SPDX-License-Identifier: Apache-2.0

import Configuration

/// The places that values come from, each behind a provider, in order of precedence.
struct SettingsLayers {
    private let flags: any ConfigSnapshot
    private let environment: any ConfigSnapshot
    private let file: any ConfigSnapshot
    private let variables: [String: String]
    private let settingsFile: SettingsFile?

    init(flags: [String: String], environment: [String: String], file: SettingsFile?) {
        let flagTexts = flags.map { name, value in
            let isList = SettingKey.named(name)?.isList ?? false
            return (name, isList ? .list(Self.items(of: value)) : SettingText.scalar(value))
        }
        self.flags = Self.provider("flags", flagTexts).snapshot()
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment).snapshot()
        self.file = Self.provider("file", (file?.entries ?? [:]).map { ($0.key, $0.value.text) }).snapshot()
        variables = environment
        settingsFile = file
    }

    /// The value that comes first, and where it stands; `nil`: the setting is at its default.
    func entry(of key: SettingKey, readSecret: (String) -> String?) throws(SettingsError) -> Settings.Entry? {
        if let text = try text(of: key, in: flags, "the flags") { return .init(text: text, origin: .flag) }
        if let text = try text(of: key, in: environment, key.environmentVariable, prefix: ["stoker"]) {
            return .init(text: text, origin: .environment(key.environmentVariable))
        }
        if key.isSecret, let path = variables[key.fileVariable] {
            guard let secret = readSecret(path) else {
                throw SettingsError("\(key.fileVariable): the file '\(path)' cannot be read")
            }
            return .init(text: .scalar(secret), origin: .secretFile(path: path, variable: key.fileVariable))
        }
        guard let settingsFile, let entry = settingsFile.entries[key.name] else { return nil }
        let origin = Settings.Origin.file(path: settingsFile.path, line: entry.line)
        return try text(of: key, in: file, "\(origin)").map { .init(text: $0, origin: origin) }
    }

    private func text(
        of key: SettingKey,
        in snapshot: any ConfigSnapshot,
        _ place: String,
        prefix: [String] = []
    ) throws(SettingsError) -> SettingText? {
        let type: ConfigType = key.isList ? .stringArray : .string
        do {
            switch try snapshot.value(forKey: AbsoluteConfigKey(prefix + key.components), type: type).value?.content {
            case .string(let text): return .scalar(text)
            case .stringArray(let items): return .list(items)
            default: return nil
            }
        } catch {
            throw SettingsError("\(place): '\(key.name)': expected \(key.expectation)")
        }
    }

    private static func provider(_ name: String, _ texts: [(String, SettingText)]) -> InMemoryProvider {
        let values = texts.map { name, text in
            let content: ConfigContent =
                switch text {
                case .scalar(let scalar): .string(scalar)
                case .list(let items): .stringArray(items)
                }
            let components = name.split(separator: ".").map(String.init)
            return (AbsoluteConfigKey(components), ConfigValue(content, isSecret: false))
        }
        return InMemoryProvider(name: name, values: Dictionary(values) { first, _ in first })
    }

    private static func items(of text: String) -> [String] {
        text.split(separator: ",").map { String($0.drop { $0 == " " }) }
    }
}
