// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// The options of every command that uses the database.
struct GlobalOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file. (STOKER_CONFIG)")
    var file: String?

    @Option(name: .customLong("database-url"), help: "How to reach Postgres. (STOKER_DATABASE_URL)")
    var databaseURL: String?

    @Option(name: .customLong("data-directory"), help: "Where 'stoker up' keeps its data. (STOKER_DATA_DIRECTORY)")
    var dataDirectory: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Any setting, for this run; see 'stoker config print'.", valueName: "key=value")
    )
    var assignments: [String] = []

    /// The settings in force, with the values of the command's own flags.
    func settings(_ flags: [String: String?] = [:]) throws -> Settings {
        var values = flags.compactMapValues(\.self)
        if let databaseURL { values[SettingKey[\.databaseURL].name] = databaseURL }
        if let dataDirectory { values[SettingKey[\.dataDirectory].name] = dataDirectory }
        for assignment in assignments {
            guard let (name, value) = KeyValue.split(assignment) else {
                throw SettingsError("--set \(assignment): expected key=value, such as worker.concurrency=2")
            }
            values[name] = value
        }
        let settings = try Settings(flags: values, environment: Host.environment, file: file)
        for secret in settings.secretFlags { ProcessSecrecy.hide(argument: secret) }
        return settings
    }

    /// The composition root of the command.
    func composition(_ flags: [String: String?] = [:]) throws -> Composition {
        Composition(try settings(flags))
    }
}

/// `key=value`, as several options accept it.
enum KeyValue {
    /// `nil` when there is no `=`, or nothing before it.
    static func split(_ text: String) -> (key: String, value: String)? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    /// The values of `--param`. Throws for one that is no `key=value`, and for a key that is given twice.
    static func values(_ parameters: [String]) throws -> [String: String] {
        var values: [String: String] = [:]
        for parameter in parameters {
            guard let (key, value) = split(parameter) else {
                throw ValidationError("--param \(parameter): expected key=value.")
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw ValidationError("--param \(key) is given twice.")
            }
        }
        return values
    }
}
