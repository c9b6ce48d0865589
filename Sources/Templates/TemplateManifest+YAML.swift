// SPDX-License-Identifier: Apache-2.0

import Domain

extension TemplateManifest {
    /// The name of the file that makes a directory a template.
    package static let fileName = "stoker.yaml"
    /// The default executable of a `process` template.
    package static let defaultExecutable = "provision"

    /// Reads `stoker.yaml`, and checks it against the module's variables.
    ///
    /// - Parameters:
    ///   - module: The files of a Terraform template (``TerraformVariables/isModuleFile(_:)``). `nil`: they are not at
    ///     hand; then a Terraform template has no parameters here and values of presets are not checked against them.
    ///   - coder: What the module says in Coder's blocks, to which the file adds; `nil`: nothing.
    ///   - name: The name of a template of Coder that the file does not give one.
    ///   - timeZoneExists: Whether there are rules for a time zone of this IANA name; not asked for UTC.
    /// - Throws: all errors in both.
    package init(
        yaml: String,
        file: String = fileName,
        module: [SourceFile]? = nil,
        coder: CoderTemplate? = nil,
        name: String? = nil,
        timeZoneExists: (String) -> Bool
    ) throws(TemplateErrors) {
        try self.init(
            yaml: yaml,
            file: file,
            module: module,
            coder: coder,
            name: name,
            files: nil,
            timeZoneExists: timeZoneExists
        )
    }

    /// - Parameter files: All files of the template; `nil`: they are not at hand.
    init(
        yaml: String,
        file: String = fileName,
        module: [SourceFile]?,
        coder: CoderTemplate?,
        name: String?,
        files: TemplateFiles?,
        timeZoneExists: (String) -> Bool
    ) throws(TemplateErrors) {
        let written = try YAMLNode.read(yaml, file: file)
        guard let root = coder.map({ CoderOverlay.root(of: $0, under: written, name: name) }) ?? written else {
            throw TemplateErrors([
                TemplateError(file: file, "the file is empty", remedy: "begin with 'name: my-template'")
            ])
        }
        var reader = ManifestReader(file: file)
        let fields = reader.fields(of: root, "", as: ManifestRootKey.self)
        self.init(name: reader.templateName(fields))
        displayName = reader.text(fields[.displayName], "display_name") ?? ""
        description = reader.text(fields[.description], "description") ?? ""
        icon = reader.text(fields[.icon], "icon") ?? ""
        let choice = reader.choice(fields[.provisioner], "provisioner", of: ProvisionerType.self)
        provisioner = choice ?? .terraform
        self.coder = provisioner == .terraform ? coder : nil
        reader.coder = self.coder
        executable = reader.executable(fields, provisioner)
        rehearses = reader.rehearses(fields, provisioner)
        tags = reader.tags(fields[.tags], "tags")
        agents = reader.agents(fields[.agents], "agents")
        lifetime = reader.lifetime(fields[.lifetime], "lifetime")

        let declarations = reader.parameters(fields[.parameters], "parameters")
        let presets = reader.presets(fields[.presets], "presets", timeZoneExists: timeZoneExists)
        // An unknown provisioner would only bring further, misleading errors.
        var areParametersKnown = choice != nil || fields[.provisioner] == nil
        switch (provisioner, module) {
        case _ where !areParametersKnown:
            break
        case (.terraform, nil):
            areParametersKnown = false
        case (.terraform, let module?):
            do throws(TemplateErrors) {
                parameters = reader.merge(try TerraformVariables.variables(in: module), declarations, fields)
            } catch {
                areParametersKnown = false
                for error in error.errors { reader.report(error) }
            }
        case (.process, _), (.echo, _):
            parameters = declarations.enumerated().map { $1.parameter(order: $0, &reader) }
        }
        let known = areParametersKnown ? parameters : nil
        self.presets = presets.map { reader.complete($0, parameters: known) }
        parameters.sort { ($0.displayOrder, $0.name) < ($1.displayOrder, $1.name) }

        if let files, choice != nil || fields[.provisioner] == nil {
            for problem in files.problems(provisioner, executable: executable, line: fields[.executable]?.line) {
                reader.report(problem)
            }
        }
        // The plan at the import may find the presets that the text of Coder's blocks does not show.
        if self.presets.isEmpty, files?.requiresPresets == true, self.coder?.hasOpenPresets != true {
            reader.report(TemplateFiles.noPresets)
        } else if !self.presets.contains(where: { $0.prebuilds != nil }), self.coder?.mayHavePools != true {
            let reason = self.presets.isEmpty ? "there are no presets" : "no preset has prebuilds"
            reader.warn("\(reason), so no pool will be kept", at: fields[.presets] ?? root, "presets")
        }
        warnings = reader.warnings + (self.coder?.notes ?? [])
        guard reader.errors.isEmpty else { throw TemplateErrors(reader.errors) }
    }
}

extension ManifestReader {
    fileprivate mutating func templateName(_ fields: ManifestFields<ManifestRootKey>) -> String {
        guard let node = fields[.name] else {
            if case .mapping = fields.node.content {
                report("a template needs a name", at: fields.node, "name", remedy: "add 'name: my-template'")
            }
            return ""
        }
        let name = text(node, "name") ?? ""
        if name.wholeMatch(of: /(?!-)[A-Za-z0-9_.-]{1,64}/) == nil || name.hasSuffix("-") {
            report(
                "expected 1 to 64 letters, digits, '-', '_' or '.', and no '-' at either end, found \(node.kind)",
                at: node,
                "name"
            )
        }
        return name
    }

    fileprivate mutating func executable(
        _ fields: ManifestFields<ManifestRootKey>,
        _ provisioner: ProvisionerType
    ) -> String? {
        let path = text(fields[.executable], "executable")
        guard provisioner == .process else {
            if let node = fields[.executable] {
                report("only templates of the provisioner 'process' have an executable", at: node, "executable")
            }
            return nil
        }
        if let path, let node = fields[.executable] {
            let steps = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            if steps.contains(where: { $0.isEmpty || $0.elementsEqual("..".utf8) || $0.elementsEqual(".".utf8) }) {
                report("expected a path inside of the template, such as 'bin/provision'", at: node, "executable")
            }
        }
        return path ?? TemplateManifest.defaultExecutable
    }

    fileprivate mutating func rehearses(
        _ fields: ManifestFields<ManifestRootKey>,
        _ provisioner: ProvisionerType
    ) -> Bool {
        let declares = flag(fields[.rehearse], "rehearse") ?? false
        if let node = fields[.rehearse], provisioner != .process {
            report("only templates of the provisioner 'process' declare a rehearsal", at: node, "rehearse")
        }
        return declares
    }

    fileprivate mutating func tags(_ node: YAMLNode?, _ field: String) -> [String: String] {
        var tags: [String: String] = [:]
        for (key, value) in entries(node, field) {
            let path = Self.path(field, key.name)
            guard let text = text(value, path) else { continue }
            if let expectation = Tags.expectation(ofName: key.name, value: text) {
                report("expected \(expectation)", at: key, path)
            }
            tags[key.name] = text
        }
        if let node, tags.count > Tags.most {
            report("it has \(tags.count) entries; at most \(Tags.most) are allowed", at: node, field)
        }
        return tags
    }

    fileprivate mutating func agents(_ node: YAMLNode?, _ field: String) -> [String] {
        var names: [String] = []
        // Two names that differ in case or dashes alone would share one environment variable for their tokens.
        var variables: Set<String> = []
        for (index, element) in elements(node, field, most: TemplateLimits.agents).enumerated() {
            let path = "\(field)[\(index)]"
            guard let name = text(element, path) else { continue }
            if name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_-]{0,63}/) == nil {
                report("expected 1 to 64 letters, digits, '-' or '_', found \(element.kind)", at: element, path)
            } else if !variables.insert(String(name.lowercased().map { $0 == "-" ? "_" : $0 })).inserted {
                report("another agent has this name", at: element, path)
            } else {
                names.append(name)
            }
        }
        return names
    }
}
