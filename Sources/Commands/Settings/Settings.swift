// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The configuration: each setting's value and its source.
///
/// In order of precedence: flags, environment, files of secrets (`STOKER_..._FILE`), the configuration file, defaults.
/// An unknown name is refused at once. An invalid value is refused when it is read, so it affects only commands that
/// use it. Whoever needs all settings calls ``checked()``.
struct Settings: Sendable {
    /// The source of a value.
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

    /// The given value or its error, by name; a setting with its default has no entry.
    private let entries: [String: Result<Entry, SettingsError>]
    /// The environment that the settings were read in.
    let environment: [String: String]

    /// Throws ``SettingsError`` for an unreadable file and for unknown names.
    ///
    /// - Parameters:
    ///   - flags: Values of the command line, by name.
    ///   - path: The configuration file; `nil` for the one that `STOKER_CONFIG` names, if any.
    ///   - readSecret: Reads the files of secrets.
    init(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        file path: String? = nil,
        loadFile: (String) throws(SettingsError) -> SettingsFile = SettingsFile.load,
        readSecret: (String) -> String? = Settings.contents
    ) throws(SettingsError) {
        let environment = environment.filter { !$0.value.isEmpty }
        let file = try (path ?? environment["STOKER_CONFIG"]).map { path throws(SettingsError) in try loadFile(path) }
        var entries: [String: Result<Entry, SettingsError>] = [:]
        for key in SettingKey.all {
            do throws(SettingsError) {
                let entry = try Self.entry(of: key, flags, environment, file, readSecret)
                entries[key.name] = entry.map { .success($0) }
            } catch {
                entries[key.name] = .failure(error)
            }
        }
        self.entries = entries
        self.environment = environment
        let unknown = flags.keys.sorted().filter { SettingKey.named($0) == nil }.map(SettingKey.unknown)
        guard unknown.isEmpty else { throw SettingsError(unknown + problems) }
    }

    /// The value in force. Throws ``SettingsError`` if it is invalid.
    subscript<Value>(_ path: KeyPath<SettingTable, Setting<Value>>) -> Value {
        get throws(SettingsError) {
            let setting = SettingTable.shared[keyPath: path]
            return try (entries[setting.key.name]?.get()).flatMap { setting.read($0.text) } ?? setting.defaultValue
        }
    }

    /// The settings, all valid. Throws ``SettingsError`` with all invalid ones.
    func checked() throws(SettingsError) -> Settings {
        guard problems.isEmpty else { throw SettingsError(problems) }
        return self
    }

    private var problems: [String] {
        SettingKey.all.flatMap { key -> [String] in
            if case .failure(let error)? = entries[key.name] { error.problems } else { [] }
        }
    }

    /// The given value if it is valid; `nil` if the setting has its default.
    func entry(of key: SettingKey) -> Entry? { try? entries[key.name]?.get() }

    func origin(of key: SettingKey) -> Origin { entry(of: key)?.origin ?? .builtIn }

    /// The number of given settings.
    var count: Int { entries.count }

    /// The secrets on the command line.
    var secretFlags: [String] {
        SettingKey.all.filter { $0.isSecret && origin(of: $0) == .flag }.compactMap { entry(of: $0)?.text.shown }
    }

    /// The text of a file without its line end.
    static func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { data in
            var text = String(decoding: data, as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            return text
        }
    }

    // MARK: Layers

    /// The value with the highest precedence, and its source; `nil`: the setting is at its default.
    private static func entry(
        of key: SettingKey,
        _ flags: [String: String],
        _ environment: [String: String],
        _ file: SettingsFile?,
        _ readSecret: (String) -> String?
    ) throws(SettingsError) -> Entry? {
        let found: Entry
        if let text = flags[key.name] {
            found = Entry(text: SettingText(text, key.form, omittingEmptyItems: true), origin: .flag)
        } else if let text = environment[key.environmentVariable] {
            found = Entry(
                text: SettingText(text, key.form, omittingEmptyItems: false),
                origin: .environment(key.environmentVariable)
            )
        } else if key.isSecret, let path = environment[key.fileVariable] {
            guard let secret = readSecret(path) else {
                throw SettingsError("\(key.fileVariable): the file '\(path)' cannot be read")
            }
            found = Entry(text: .scalar(secret), origin: .secretFile(path: path, variable: key.fileVariable))
        } else if let file, let entry = file.entries[key.name] {
            found = Entry(text: entry.text, origin: .file(path: file.path, line: entry.line))
        } else {
            return nil
        }
        guard key.accepts(found.text) else { throw SettingsError(unexpected(found, key)) }
        return found
    }

    private static func unexpected(_ entry: Entry, _ key: SettingKey) -> String {
        let found =
            switch entry.text {
            case .scalar(let text): key.isSecret || key.form == .list ? "" : ", found '\(text)'"
            case .list: ""
            case .mapping: ", found a mapping"
            }
        return switch entry.origin {
        case .flag, .builtIn: "\(key.name): expected \(key.expectation)\(found)"
        case .file: "\(entry.origin): '\(key.name)': expected \(key.expectation)\(found)"
        case .environment, .secretFile: "\(entry.origin): expected \(key.expectation)\(found)"
        }
    }
}

/// Invalid settings: each problem names its place and what is expected there.
struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// In the order in which they were found; never empty.
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    init(_ problem: String) {
        self.init([problem])
    }

    /// One problem a line.
    var description: String { problems.joined(separator: "\n") }
}
