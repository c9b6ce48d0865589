// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// Finds the word of a command line that names no command, and what was meant. The parser itself would only call it
/// unexpected.
enum UnknownCommand {
    /// `nil` when the words name a command, or something that the parser knows better.
    static func error(in arguments: [String]) -> CommandError? {
        var (path, children) = (["stoker"], children(of: StokerCommand.self))
        for word in arguments {
            // Options may come before the rest, and `help` is the parser's own.
            guard !children.isEmpty, !word.hasPrefix("-"), !(word == "help" && path.count == 1) else { return nil }
            guard let child = children[word] else { return error(word, below: path, Array(children.keys).sorted()) }
            path.append(word)
            children = Self.children(of: child)
        }
        return nil
    }

    private static func error(_ word: String, below path: [String], _ names: [String]) -> CommandError {
        let meant = Suggestion.nearest(to: word, among: names).map { [(path + [$0]).joined(separator: " ")] }
        let elsewhere = meant ?? Array(commands(named: word).prefix(3))
        let question = elsewhere.map { "'\($0)'" }.joined(separator: " or ")
        return CommandError(
            .usage,
            "there is no command '\((path + [word]).joined(separator: " "))'",
            remedy: (question.isEmpty ? "" : "Did you mean \(question)? ")
                + "See '\((path + ["--help"]).joined(separator: " "))'."
        )
    }

    /// The commands below other words whose last word is this one.
    private static func commands(named word: String) -> [String] {
        func found(_ path: [String], _ command: any ParsableCommand.Type) -> [String] {
            let below = children(of: command).sorted { $0.key < $1.key }.flatMap { found(path + [$0.key], $0.value) }
            return (path.last == word ? [path.joined(separator: " ")] : []) + below
        }
        return found(["stoker"], StokerCommand.self)
    }

    private static func children(of command: any ParsableCommand.Type) -> [String: any ParsableCommand.Type] {
        let all = command.configuration.subcommands
        return Dictionary(all.map { ($0._commandName, $0) }) { first, _ in first }
    }
}
