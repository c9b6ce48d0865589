// SPDX-License-Identifier: Apache-2.0

import Configuration
import FoundationEssentials

/// What is configured: each setting's value and where it came from.
///
/// In order of precedence: flags, environment, files of secrets (`STOKER_..._FILE`), the configuration file, defaults.
/// Every value was checked when it was read, so that no command stumbles over one half way.
struct Settings: Sendable {
    /// Where a value came from.
    enum Origin: Hashable, Sendable, CustomStringConvertible {
        case flag
        case environment(String)
        case secretFile(path: String, variable: String)
        case file(path: String, line: Int)
        case builtIn

        var description: String {
            switch self {
            case .flag: "flag"
            case .environment(let variable): variable
            case .secretFile(let path, let variable): "\(path) (\(variable))"
            case .file(let path, let line): "\(path):\(line)"
            case .builtIn: "default"
            }
        }
    }

    struct Entry: Hashable, Sendable {
        let text: SettingText
        let origin: Origin
    }

    /// What was given, by name; a setting at its default has no entry.
    private(set) var entries: [String: Entry] = [:]
    /// The environment that all this was read in.
    let environment: [String: String]

    /// - Parameters:
    ///   - flags: Values from the command line, by name.
    ///   - path: The configuration file; `nil`: the one that `STOKER_CONFIG` names, if any.
    ///   - readFile: How the files of secrets are read.
    init(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        file path: String? = nil,
        loadFile: (String) throws(SettingsError) -> SettingsFile = SettingsFile.load,
        readSecret: (String) -> String? = Settings.contents
    ) throws(SettingsError) {
        self.environment = environment.filter { !$0.value.isEmpty }
        var problems = flags.keys.sorted().filter { SettingKey.named($0) == nil }.map(SettingKey.unknown)
        let named = path ?? self.environment["STOKER_CONFIG"]
        let file = try named.map { path throws(SettingsError) in try loadFile(path) }
        let layers = SettingsLayers(flags: flags, environment: self.environment, file: file)
        for key in SettingKey.all {
            do throws(SettingsError) {
                guard let entry = try layers.entry(of: key, readSecret: readSecret) else { continue }
                guard key.accepts(entry.text) else { throw SettingsError(Self.unexpected(entry, key)) }
                entries[key.name] = entry
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    /// The value in force.
    subscript<Value>(_ setting: Setting<Value>) -> Value {
        entries[setting.key.name].flatMap { setting.kind.read($0.text) } ?? setting.defaultValue
    }

    /// The secrets that the command line holds.
    var secretFlags: [String] {
        SettingKey.all.filter { $0.isSecret && origin(of: $0) == .flag }.compactMap { entries[$0.name]?.text.shown }
    }

    func origin(of key: SettingKey) -> Origin {
        entries[key.name]?.origin ?? .builtIn
    }

    /// A value found out at run time takes the place of a default that leaves it open.
    mutating func supply(_ value: String, for setting: Setting<String?>) {
        guard entries[setting.key.name] == nil else { return }
        entries[setting.key.name] = Entry(text: .scalar(value), origin: .builtIn)
    }

    private static func unexpected(_ entry: Entry, _ key: SettingKey) -> String {
        let found = key.isSecret ? "" : ", found '\(entry.text.shown)'"
        return switch entry.origin {
        case .flag, .builtIn: "\(key.name): expected \(key.expectation)\(found)"
        case .file: "\(entry.origin): '\(key.name)': expected \(key.expectation)\(found)"
        case .environment, .secretFile: "\(entry.origin): expected \(key.expectation)\(found)"
        }
    }

    /// The text of a file without the line break at its end.
    static func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { data in
            var text = String(decoding: data, as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            return text
        }
    }
}
