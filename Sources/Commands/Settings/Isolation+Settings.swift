// SPDX-License-Identifier: Apache-2.0

import Provisioning
import SystemPackage

extension Isolation {
    /// Everything that the settings say of it.
    ///
    /// - Parameter problems: What is wrong is added here.
    init(_ settings: Settings, directories: [FilePath], problems: inout [String]) {
        self.init(mode: settings[.isolation], secrets: directories + Self.secretFiles(settings))
        for text in settings[.templatePaths] {
            let isWritable = text.hasSuffix(":write")
            let path = isWritable ? String(text.dropLast(":write".count)) : text
            guard path.hasPrefix("/") else {
                problems.append("worker.template_paths: expected paths that begin with /, found '\(text)'")
                continue
            }
            if isWritable { writable.append(FilePath(path)) } else { readable.append(FilePath(path)) }
        }
        if let mirror = settings[.terraformPlugins] { readable.append(FilePath(mirror)) }
        if let name = settings[.templateUser] {
            if let account = TemplateUser(account: name) {
                user = account
            } else {
                problems.append("worker.template_user: there is no user '\(name)' on this machine")
            }
        }
        func limit(_ setting: Setting<Int>) -> Int? { settings[setting] == 0 ? nil : settings[setting] }
        limits = ChildLimits(
            processes: limit(.templateProcesses),
            openFiles: limit(.templateOpenFiles),
            fileSize: limit(.templateFileSize)
        )
    }

    /// The files that settings came from, and those that libpq reads passwords and keys from.
    private static func secretFiles(_ settings: Settings) -> [FilePath] {
        var files = ["STOKER_CONFIG", "PGPASSFILE", "PGSERVICEFILE", "PGSSLKEY"].compactMap { settings.environment[$0] }
        for key in SettingKey.all {
            if key.isSecret, let file = settings.environment[key.fileVariable] { files.append(file) }
            switch settings.origin(of: key) {
            case .file(let path, _), .secretFile(let path, _): files.append(path)
            case .flag, .environment, .builtIn: break
            }
        }
        if let home = settings.environment["HOME"] { files += ["\(home)/.pgpass", "\(home)/.postgresql"] }
        let paths = Set(files).sorted().map { FilePath($0) }
        // Beside a secret lie others, that this worker does not know of.
        let beside = paths.map { $0.removingLastComponent() }.filter { $0.starts(with: "/etc") && $0 != "/etc" }
        return paths + beside
    }
}
