// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Where Stoker keeps what it owns on this machine.
struct DataDirectory: Hashable, Sendable {
    let path: FilePath

    /// The configured directory, or the system's place for the data of services (root) or of people (XDG Base Directory
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
            throw SettingsError("data_directory: there is no home directory to choose; set STOKER_DATA_DIRECTORY")
        }
    }

    /// What a running `stoker up` tells other commands.
    var record: FilePath { path.appending("up.json") }
    /// Held by `stoker up` while it runs.
    var lock: FilePath { path.appending("up.lock") }
    var work: FilePath { path.appending("work") }
}
