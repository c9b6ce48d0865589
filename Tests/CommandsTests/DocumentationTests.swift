// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import SystemPackage
import Testing

@testable import Commands

/// What the pages for operators tell people to type.
@Suite struct DocumentationTests {
    private static let pages = FilePath("\(#filePath)").removingLastComponent().appending("../../Documentation")
        .lexicallyNormalized()

    /// The words after `stoker` in every piece of code of the page, up to the first that is no name of a command.
    private static func mentions(in text: String) -> Set<[String]> {
        let codes = text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
            $0.offset % 2 == 1
        }
        return Set(
            codes.map(\.element).filter { $0.hasPrefix("stoker ") }.map { code in
                code.split(separator: " ").dropFirst().map(String.init)
                    .prefix { word in word.allSatisfy { $0.isLowercase || $0 == "-" } && !word.hasPrefix("-") }
            }
            .map(Array.init)
        )
    }

    /// Whether the words name a command, or a command and what it takes.
    private static func exists(_ words: [String], below command: any ParsableCommand.Type) -> Bool {
        let children =
            command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
        guard let word = words.first, !children.isEmpty else { return true }
        let child = children.first { $0._commandName == word }
        return child.map { exists(Array(words.dropFirst()), below: $0) } ?? false
    }

    @Test(arguments: ["operations.md", "runbook.md"])
    func `every command that a page names exists`(page: String) throws {
        let text = try String(contentsOfFile: Self.pages.appending(page).string, encoding: .utf8)
        let mentions = Self.mentions(in: text)
        #expect(mentions.count > 5)
        #expect(mentions.filter { !Self.exists($0, below: StokerCommand.self) } == [])
        #expect(!Self.exists(["workers", "dance"], below: StokerCommand.self))
    }
}
