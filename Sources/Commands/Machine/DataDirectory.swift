// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The directory of Stoker's own data on this machine.
struct DataDirectory: Hashable, Sendable {
    let path: FilePath

    /// The configured directory, else the system's default for services (root) or users (XDG Base Directory
    /// Specification 0.8).
    init(_ settings: Settings, isRoot: Bool = Host.isRoot) throws(SettingsError) {
        if let configured = try settings[\.dataDirectory] {
            path = FilePath(configured)
            return
        }
        let environment = settings.environment
        if isRoot {
            path = "/var/lib/stoker"
        } else if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            path = FilePath(data).appending("stoker")
        } else if let home = environment["HOME"] {
            path = FilePath(home).appending(".local/share/stoker")
        } else {
            throw SettingsError("data_directory: there is no home directory; set STOKER_DATA_DIRECTORY")
        }
    }

    /// The record of a running `stoker up` for other commands.
    var record: FilePath { path.appending("up.json") }
    /// The lock of `stoker up`.
    var lock: FilePath { path.appending("up.lock") }
    var work: FilePath { path.appending("work") }
}
