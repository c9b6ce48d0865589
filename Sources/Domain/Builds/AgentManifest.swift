// SPDX-License-Identifier: Apache-2.0

/// What an agent runs in its workspace.
package struct AgentManifest: Hashable, Sendable, Codable {
    /// A program that the agent runs when it starts.
    package struct Script: Hashable, Sendable, Codable {
        package var name: String
        /// A shell script, or another with its interpreter in the first line.
        package var text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// Variables for the scripts.
    package var environment: [String: String]
    /// Where they run; empty: the home directory.
    package var directory: String
    package var scripts: [Script]

    package init(environment: [String: String] = [:], directory: String = "", scripts: [Script] = []) {
        self.environment = environment
        self.directory = directory
        self.scripts = scripts
    }

    private enum CodingKeys: String, CodingKey {
        case environment = "env"
        case directory, scripts
    }
}

extension AgentManifest {
    /// The manifest as a shell script, for agents that read no JSON. It fails when one of the scripts fails.
    ///
    /// - Parameter facts: More variables, such as the workspace's name; those of the manifest come after them.
    package func shell(_ facts: [String: String]) -> String {
        var lines = ["#!/bin/sh"]
        for (name, value) in facts.sorted(by: { $0.key < $1.key }) + environment.sorted(by: { $0.key < $1.key })
        where Self.isName(name) {
            lines.append("export \(name)=\(Self.quoted(value))")
        }
        lines.append("cd \"${HOME:-/}\" || exit 1")
        if !directory.isEmpty {
            let place = Self.place(directory)
            lines.append("mkdir -p \(place) && cd \(place) || exit 1")
        }
        lines.append("failed=0")
        for script in scripts {
            lines += [
                "script=$(mktemp) || exit 1", "printf '%s' \(Self.quoted(script.text)) > \"$script\"",
                "chmod 700 \"$script\"",
                script.text.hasPrefix("#!") ? "\"$script\" || failed=1" : "sh \"$script\" || failed=1",
                "rm -f \"$script\"",
            ]
        }
        lines.append("exit \"$failed\"")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A name that a shell can export.
    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar == "_" || scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// `~` and `$HOME` at the beginning stand for the home directory.
    private static func place(_ directory: String) -> String {
        for start in ["~", "$HOME", "${HOME}"] where directory == start || directory.hasPrefix(start + "/") {
            return "\"${HOME:-}\"" + quoted(String(directory.dropFirst(start.count)))
        }
        return quoted(directory)
    }
}
