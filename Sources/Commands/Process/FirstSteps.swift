// SPDX-License-Identifier: Apache-2.0

import Store

/// What a newcomer can claim, as whom and under which name, with what is in the database.
struct FirstSteps: Hashable {
    /// A template, and the preset to name if none is its default.
    struct Choice: Hashable {
        let template: String
        let preset: String?
    }

    /// The templates that can be claimed, at most two.
    let choices: [Choice]
    /// The claimant.
    let owner: String
    /// Whether the claimant must be added first.
    let isOwnerNew: Bool
    /// The names of the owner's workspaces.
    private let taken: Set<String>

    init(_ store: Store) async throws {
        let usable = Set(try await store.templates().filter { $0.deprecated.isEmpty }.map(\.name))
        let presets = try await store.presets().filter { usable.contains($0.templateName) }
        let users = try await store.users(limit: 1000).filter { $0.status == "active" && !$0.isSystem }.map(\.username)
        let owner = users.contains("alice") ? "alice" : users.first
        var workspaces: [WorkspaceSummary] = []
        if let owner { workspaces = try await store.workspaces(owner: owner, limit: 1000) }
        self.init(
            presets: presets.map { ($0.templateName, $0.name, $0.isDefault) },
            owner: owner,
            taken: workspaces.map(\.name)
        )
    }

    /// - Parameters:
    ///   - owner: An active user; `nil`: there is none.
    ///   - taken: The names of the owner's workspaces.
    init(presets: [(template: String, name: String, isDefault: Bool)], owner: String?, taken: [String]) {
        var choices: [Choice] = []
        for (template, name, _) in presets where !choices.contains(where: { $0.template == template }) {
            let hasDefault = presets.contains { $0.template == template && $0.isDefault }
            choices.append(Choice(template: template, preset: hasDefault ? nil : name))
        }
        self.choices = Array(choices.prefix(2))
        self.owner = owner ?? "alice"
        isOwnerNew = owner == nil
        self.taken = Set(taken)
    }

    /// The commands, one a line.
    var commands: [String] {
        guard !choices.isEmpty else { return [] }
        var names = sequence(first: 1) { $0 + 1 }.lazy.map { $0 == 1 ? "dev" : "dev\($0)" }
            .filter { [taken] in !taken.contains($0) }.makeIterator()
        let claims = choices.map { choice in
            let preset = choice.preset.map { " --preset \(Self.quoted($0))" } ?? ""
            return "stoker claim \(choice.template)\(preset) --owner \(owner) --name \(names.next() ?? "dev") --wait"
        }
        return (isOwnerNew ? ["stoker users add \(owner)"] : []) + claims + ["stoker workspaces list"]
    }

    /// For a shell.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return isPlain ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
