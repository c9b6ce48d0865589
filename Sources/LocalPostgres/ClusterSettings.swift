// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The settings that a cluster is started with, as the text of `stoker.conf`.
struct ClusterSettings: Hashable, Sendable {
    private let values: [String: String]

    /// - Parameter overrides: Take precedence over what this type sets.
    init(layout: ClusterLayout, overrides: [String: String]) {
        let own = [
            "listen_addresses": "",
            "port": String(ClusterLayout.port),
            "unix_socket_directories": Self.listElement(layout.socketDirectory.string),
            "unix_socket_permissions": "0700",
            Self.clientAuthentication: layout.clientAuthentication.string,
            // A log file for each weekday, overwritten a week later, so that the log never grows without end.
            "logging_collector": "on",
            "log_directory": layout.logs.string,
            "log_filename": "postgres-%a.log",
            "log_rotation_age": "1d",
            "log_rotation_size": "0",
            "log_truncate_on_rotation": "on",
        ]
        values = own.merging(overrides) { $1 }
    }

    var text: String {
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) = \(Self.quoted($0.value))\n" }
        return "# Written by stoker at every start. Put your own settings into postgresql.conf, before the include.\n"
            + lines.joined()
    }

    /// The setting with which a caller brings authentication rules of its own.
    static let clientAuthentication = "hba_file"

    /// A template's program may run as the same user, so peer authentication by user is not enough.
    static let clientAuthenticationText = "# Written by stoker at every start.\nlocal all all scram-sha-256\n"

    /// The addition to postgresql.conf, made once, when the cluster is made.
    static let include = "\ninclude = 'stoker.conf'\n"

    private static func quoted(_ value: String) -> String {
        var quoted = "'"
        for character in value {
            if character == "'" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "'"
    }

    /// A path in a list of paths; unquoted, it would end at a comma.
    private static func listElement(_ path: String) -> String {
        "\"" + path.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
