// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import SystemPackage

/// `stoker completions`
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Complete commands and options in your shell.",
        subcommands: [Install.self, Print.self]
    )

    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the completions to where your shell looks for them.",
            discussion: "Repeat it after an upgrade. It changes no start-up file of the shell."
        )

        @Option(help: "The shell. Default: that of the variable SHELL.")
        var shell: Shell?

        @Option(help: "Another directory for the file.")
        var directory: String?

        func run() throws {
            let place = try CompletionPlace(shell: shell, directory: directory, environment: Host.environment)
            try place.write(place.shell.completions)
            try Console.print("Wrote \(place.file).")
            try Console.note(place.remark)
        }
    }

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the completions.")

        @Argument(help: "The shell.")
        var shell: Shell

        func run() throws {
            try Console.print(shell.completions)
        }
    }
}

/// Where a shell looks for a user's completions.
struct CompletionPlace: Hashable {
    let shell: Shell
    let file: FilePath
    /// Whether the user has named the directory.
    private let isElsewhere: Bool

    /// - Parameter shell: `nil`: that of the variable `SHELL`.
    init(shell: Shell?, directory: String?, environment: [String: String]) throws(CommandError) {
        let usual = environment["SHELL"].flatMap { FilePath($0).lastComponent?.string }
        guard let shell = shell ?? usual.flatMap(Shell.init(rawValue:)) else {
            throw CommandError(
                .usage,
                "there are completions for bash, zsh and fish, and SHELL names \(usual.map { "'\($0)'" } ?? "none")",
                remedy: "Name one: --shell bash."
            )
        }
        let name =
            switch shell {
            case .zsh: "_stoker"
            case .fish: "stoker.fish"
            case .bash: "stoker"
            }
        guard let folder = directory.map({ FilePath($0) }) ?? Self.directory(of: shell, environment) else {
            throw CommandError("there is no home directory to write to", remedy: "Name one: --directory DIR.")
        }
        self.shell = shell
        file = folder.appending(name)
        isElsewhere = directory != nil
    }

    private static func directory(of shell: Shell, _ environment: [String: String]) -> FilePath? {
        func base(_ variable: String, _ usual: String) -> FilePath? {
            if let path = environment[variable], path.hasPrefix("/") { return FilePath(path) }
            return environment["HOME"].map { FilePath($0).appending(usual) }
        }
        switch shell {
        case .fish: return base("XDG_CONFIG_HOME", ".config")?.appending("fish/completions")
        case .zsh: return base("XDG_DATA_HOME", ".local/share")?.appending("zsh/site-functions")
        case .bash:
            let own = environment["BASH_COMPLETION_USER_DIR"].map { FilePath($0) }
            return (own ?? base("XDG_DATA_HOME", ".local/share")?.appending("bash-completion"))?
                .appending("completions")
        }
    }

    func write(_ script: String) throws(CommandError) {
        do {
            try FileManager.default.createDirectory(
                atPath: file.removingLastComponent().string,
                withIntermediateDirectories: true
            )
            try Data(script.utf8).write(to: URL(fileURLWithPath: file.string), options: .atomic)
        } catch {
            throw CommandError("\(file) cannot be written", remedy: "Name another directory: --directory DIR.")
        }
    }

    /// What else the shell needs.
    var remark: String {
        let directory = file.removingLastComponent()
        switch shell {
        case .fish: return isElsewhere ? "fish reads it with: source \(file)" : "New shells have them."
        case .zsh:
            return """
                zsh finds them when ~/.zshrc has, before 'compinit':
                  fpath=(\(directory) $fpath)
                  autoload -Uz compinit && compinit
                """
        case .bash:
            return isElsewhere
                ? "bash reads it with: source \(file)"
                : "New shells have them, with the package bash-completion; without it, ~/.bashrc needs: source \(file)"
        }
    }
}

/// A shell that has completions.
enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    /// The script that completes.
    var completions: String {
        let shell: CompletionShell =
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        return StokerCommand.completionScript(for: shell)
    }
}
