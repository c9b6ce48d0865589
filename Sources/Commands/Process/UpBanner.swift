// SPDX-License-Identifier: Apache-2.0

import Operations
import Server

/// The output of `stoker up` once everything runs: the addresses, and what to try next.
struct UpBanner {
    let http: HTTPAddress
    /// The page's token, which can only read and is valid while this process runs.
    let pageToken: TokenSecret
    let directory: DataDirectory
    let settings: Settings
    /// A template with a preset to claim; `nil`: there is none.
    let template: String?

    var text: String {
        var commands = ["stoker status"]
        if let template {
            commands += [
                "stoker users add alice",
                "stoker claim \(template) --owner alice --name dev --wait",
                "stoker workspaces list",
            ]
        } else {
            commands.append("stoker templates push DIR")
        }
        // Another terminal does not have this default.
        if settings.entry(of: SettingKey[\.databaseURL]) != nil {
            commands.insert("export STOKER_DATABASE_URL=...   # as here", at: 0)
        } else if settings.entry(of: SettingKey[\.dataDirectory]) != nil {
            commands.insert("export STOKER_DATA_DIRECTORY=\(directory.path)", at: 0)
        }
        return """
            Stoker is up: http://\(http)

            Its page, with a token to look at it while this runs:
              http://\(http)/#\(pageToken.text)

            Try next, in another terminal:
            \(commands.map { "  \($0)" }.joined(separator: "\n"))

            Ctrl-C stops everything that was started here.
            """
    }
}
