// SPDX-License-Identifier: Apache-2.0

import Basics

/// Reads Coder's blocks from the text of a module. What is no literal, and refers to none, stays open with a note; the
/// plan at the import says what it is.
struct CoderReader {
    /// How deep modules of the template may call each other.
    private static let maximumDepth = 10
    private static let mostReported = 100
    /// Calls of modules: each reads the module anew.
    private static let mostModules = 200

    let files: [SourceFile]
    private(set) var template = CoderTemplate()
    private(set) var errors: [TemplateError] = []
    private var hasBlocks = false
    private var inert = InertBlocks()
    private var modules = 0
    /// What was read of each directory.
    private var sources: [String: ModuleSource] = [:]
    /// Modules that are not in the template, by their sources.
    private var strangers: [(source: String, place: CoderPlace)] = []

    /// - Returns: `nil` when the module has none of these blocks.
    static func read(_ files: [SourceFile]) throws(TemplateErrors) -> CoderTemplate? {
        var reader = Self(files: files)
        reader.read(directory: "", arguments: [:], depth: 0)
        guard reader.hasBlocks else { return nil }
        reader.finish()
        guard reader.errors.isEmpty else { throw TemplateErrors(reader.errors) }
        return reader.template
    }

    private init(files: [SourceFile]) {
        self.files = files
    }

    private mutating func read(directory: String, arguments: [String: StaticValue], depth: Int) {
        let source = sources[directory] ?? ModuleSource(files: files, directory: directory)
        sources[directory] = source
        let scope = ModuleScope(source, arguments: arguments)
        if directory.isEmpty {
            template.variables = source.variables.map(\.name)
            // A template may have all of its blocks in modules of others.
            if let place = source.place(ofProviderIn: scope) { (template.place, hasBlocks) = (place, true) }
        }
        for block in source.blocks where block.type == "data" || block.type == "resource" {
            read(block, scope)
        }
        for block in source.blocks where block.type == "module" { call(block, scope, directory, depth) }
    }

    private mutating func read(_ block: ModuleBlock, _ scope: ModuleScope) {
        guard block.labels[0].hasPrefix("coder_") else { return }
        if !hasBlocks { template.place = CoderPlace(file: block.file, line: block.line) }
        hasBlocks = true
        let fields = CoderFields(block: block, scope: scope)
        switch (block.type, block.labels[0]) {
        case ("data", "coder_parameter"): read(parameter: fields)
        case ("data", "coder_workspace_preset"): read(preset: fields)
        case ("data", "coder_workspace_tags"): read(tags: fields)
        case ("resource", "coder_agent"): read(agent: fields)
        default: inert.see(block)
        }
    }

    // MARK: Modules

    private mutating func call(_ block: ModuleBlock, _ scope: ModuleScope, _ directory: String, _ depth: Int) {
        let source = block.attribute("source")?.value.value(in: scope).text ?? ""
        guard source.hasPrefix("./") || source.hasPrefix("../"),
            let path = Self.directory(source, from: directory),
            depth < Self.maximumDepth, modules < Self.mostModules
        else {
            strangers.append((source, CoderPlace(file: block.file, line: block.line)))
            return
        }
        // Called more than once, or perhaps not at all: its names depend on the plan.
        let instances = CoderFields(block: block, scope: scope).instances
        guard instances != .none else { return }
        modules += 1
        let own = ["source", "version", "providers", "count", "for_each", "depends_on"]
        var arguments: [String: StaticValue] = [:]
        for (name, _) in block.names where !own.contains(name) {
            arguments[name] = block.attribute(name)?.value.value(in: scope) ?? .open
        }
        read(directory: path, arguments: arguments, depth: depth + 1)
    }

    /// The directory of a local module, with a slash behind it; `nil` outside of the template.
    private static func directory(_ source: String, from directory: String) -> String? {
        var parts = directory.split(separator: "/").map(String.init)
        for step in source.split(separator: "/") where step != "." {
            if step == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(String(step))
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/") + "/"
    }

    // MARK: Results

    mutating func add(_ parameter: CoderParameter) { template.parameters.append(parameter) }

    mutating func add(_ preset: CoderPreset) { template.presets.append(preset) }

    mutating func openParameters() { template.hasOpenParameters = true }

    mutating func openPresets() { template.hasOpenPresets = true }

    mutating func report(_ error: TemplateError) {
        if errors.count < Self.mostReported { errors.append(error) }
    }

    mutating func note(_ message: String, _ place: CoderPlace, _ field: String) {
        guard template.notes.count < Self.mostReported else { return }
        template.notes.append(TemplateWarning(file: place.file, line: place.line, field: field, message))
    }

    /// Notes that only Terraform can evaluate the field.
    mutating func noteOpen(_ place: CoderPlace, _ field: String, _ what: String = "this is no literal") {
        note("\(what), so it stays open here; the plan at the import says what it is", place, field)
    }

    private mutating func read(tags fields: CoderFields) {
        guard let attribute = fields.block.attribute("tags") else { return }
        let place = CoderPlace(file: attribute.file, line: attribute.line)
        guard case .object(let members) = attribute.value.value(in: fields.scope) else {
            return noteOpen(place, fields.field("tags"))
        }
        for member in members {
            guard let name = member.name, let text = member.value.text else {
                noteOpen(place, fields.field("tags.\(member.name ?? "?")"))
                continue
            }
            template.tags[name] = text
        }
    }

    private mutating func read(agent fields: CoderFields) {
        guard fields.instances != .none else { return }
        var agent = CoderAgent(name: fields.block.labels[1], place: fields.place)
        agent.os = fields.value("os")?.text ?? ""
        agent.auth = fields.value("auth")?.text ?? "token"
        template.agents.append(agent)
        inert.see(agent: fields.block)
    }

    private mutating func finish() {
        if let first = strangers.first {
            template.hasOpenParameters = true
            let sources = strangers.map(\.source).filter { !$0.isEmpty }
            note(
                "modules that are not in the template (\(Suggestion.list(sources))) are read at the import",
                first.place,
                "module"
            )
        }
        checkNames()
        for preset in template.presets {
            for name in template.unknownNames(in: preset) {
                note(
                    "the template has no such parameter, so the value is not used",
                    preset.place,
                    "data.coder_workspace_preset.parameters.\(name)"
                )
            }
        }
        template.notes += template.agentNotes + inert.notes
    }

    private mutating func checkNames() {
        var seen: [String: CoderPlace] = [:]
        for parameter in template.parameters {
            if let earlier = seen[parameter.name], !template.hasOpenParameters || parameter.required {
                report(
                    TemplateError(
                        file: parameter.place.file,
                        line: parameter.place.line,
                        field: "data.coder_parameter",
                        "'\(Excerpt.of(parameter.name))' is also the name of the parameter at \(earlier.file):\(earlier.line)",
                        remedy: "rename one of the two"
                    )
                )
            }
            seen[parameter.name] = seen[parameter.name] ?? parameter.place
        }
        // Of several with one name, of which a condition chooses one, the first is shown until the plan is made.
        var names: Set<String> = []
        template.parameters.removeAll { !names.insert($0.name).inserted }
    }
}

extension CoderTemplate {
    /// What users should know of its agents.
    package var agentNotes: [TemplateWarning] {
        var notes: [TemplateWarning] = []
        for agent in agents where !agent.reports {
            let why =
                agent.os == "windows"
                ? "there is no init script for Windows" : "auth = \"\(agent.auth)\" needs a cloud's identity"
            notes.append(
                TemplateWarning(
                    file: agent.place.file,
                    line: agent.place.line,
                    field: "resource.coder_agent.\(agent.name)",
                    "\(why), so prebuilds do not wait for this agent"
                )
            )
        }
        let reporting = agents.filter(\.reports)
        if let first = reporting.first, reporting.count > 1, let second = reporting.dropFirst().first {
            notes.append(
                TemplateWarning(
                    file: second.place.file,
                    line: second.place.line,
                    field: "resource.coder_agent.\(second.name)",
                    "the provider has one variable for the tokens of all agents, so they share one, and prebuilds wait for "
                        + "'\(first.name)' only"
                )
            )
        }
        return notes
    }

    /// The names that a preset gives values and nothing has. Coder allows them.
    package func unknownNames(in preset: CoderPreset) -> [String] {
        guard !hasOpenParameters else { return [] }
        let known = Set(parameters.map(\.name) + variables)
        return preset.parameters.keys.filter { !known.contains($0) }.sorted()
    }

    /// Whether the plan may find pools that the text does not show.
    package var mayHavePools: Bool { hasOpenPresets || presets.contains(where: \.hasOpenPrebuilds) }

    /// The agent that a prebuild waits for.
    package var waitedAgent: CoderAgent? { agents.first(where: \.reports) }
}
