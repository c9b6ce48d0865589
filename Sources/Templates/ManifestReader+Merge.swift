// SPDX-License-Identifier: Apache-2.0

import Basics

extension ManifestReader {
    /// The parameters of a Terraform template: its variables, with what `stoker.yaml` adds to them.
    mutating func merge(
        _ variables: [TerraformVariable],
        _ declarations: [ParameterDeclaration],
        _ root: ManifestFields<ManifestRootKey>
    ) -> [TemplateParameter] {
        let others = (coder?.parameters ?? []).sorted { ($0.order, $0.name) < ($1.order, $1.name) }
        let taken = Set(others.map(\.name))
        let own = variables.filter { !BuiltinVariables.contains($0.name) && !taken.contains($0.name) }
        for variable in variables where taken.contains(variable.name) {
            warn(
                TemplateError(
                    file: variable.file,
                    line: variable.line,
                    field: "variable.\(variable.name)",
                    "a coder_parameter has this name too; claims give their value to that one, and this keeps its default"
                )
            )
        }
        for variable in variables
        where BuiltinVariables.contains(variable.name) && !BuiltinVariables.isGiven(variable.name) {
            report(builtin: variable)
        }
        let names = others.map(\.name) + own.map(\.name)
        let known = Set(names)
        for declaration in declarations
        where !known.contains(declaration.key.name) && coder?.hasOpenParameters != true {
            report(
                "the module has no such variable",
                at: declaration.key,
                declaration.fields.field,
                remedy: Suggestion.remedy(for: declaration.key.name, among: names)
            )
        }
        let declared = Dictionary(declarations.map { ($0.key.name, $0) }) { first, _ in first }
        let blocks =
            others.map { ($0.parameter, "coder_parameter '\($0.name)' at \($0.place.file):\($0.place.line)") }
            + own.map { ($0.parameter, "variable '\($0.name)' at \($0.file):\($0.line)") }
        return blocks.enumerated().map { order, block in
            var parameter = block.0
            parameter.displayOrder = order
            if let declaration = declared[parameter.name] {
                declaration.apply(to: &parameter, of: block.1, &self)
            }
            return parameter
        }
    }

    /// Reports a variable with a reserved name that Stoker does not know: it would never get a value.
    private mutating func report(builtin variable: TerraformVariable) {
        let error = TemplateError(
            file: variable.file,
            line: variable.line,
            field: "variable.\(variable.name)",
            "Stoker gives no such variable, and names that begin with '\(BuiltinVariables.prefix)' are its own",
            remedy: Suggestion.remedy(for: variable.name, among: BuiltinVariables.names)
        )
        if variable.hasDefault { warn(error) } else { report(error) }
    }

    /// Checks a preset's values and converts them to the form of a build's.
    ///
    /// - Parameter parameters: `nil` when they are not known; then values are taken as they are.
    mutating func complete(
        _ declaration: PresetDeclaration,
        parameters: [TemplateParameter]?
    ) -> TemplatePreset {
        var preset = declaration.preset
        let field = Self.path(declaration.field, ManifestPresetKey.parameters.rawValue)
        let known = Dictionary((parameters ?? []).map { ($0.name, $0) }) { first, _ in first }
        for (key, node) in declaration.values {
            let path = Self.path(field, key.name)
            guard let parameters else {
                preset.parameters[key.name] = text(node, path)
                continue
            }
            guard let parameter = known[key.name] else {
                if coder?.hasOpenParameters == true {
                    preset.parameters[key.name] = text(node, path)
                    continue
                }
                report(
                    "the template has no such parameter",
                    at: key,
                    path,
                    remedy: Suggestion.remedy(for: key.name, among: parameters.map(\.name))
                )
                continue
            }
            preset.parameters[key.name] = ParameterValue.text(of: node, for: parameter, path, &self)
        }
        reportMissing(declaration, parameters ?? [], field)
        if let prebuilds = preset.prebuilds, prebuilds.mostInstances == 0 {
            warn(
                "this pool is always empty",
                at: declaration.node,
                Self.path(declaration.field, ManifestPresetKey.prebuilds.rawValue),
                remedy: "set instances above 0, here or in a schedule"
            )
        }
        return preset
    }

    /// A pool's builds have nobody to ask for values. A preset without a pool may leave them to the claim.
    private mutating func reportMissing(
        _ declaration: PresetDeclaration,
        _ parameters: [TemplateParameter],
        _ field: String
    ) {
        // The plan at the import knows the rest.
        if coder?.presets.contains(where: { $0.name == declaration.preset.name && $0.hasOpenParameters }) == true {
            return
        }
        let given = Set(declaration.values.map(\.key.name))
        for parameter in parameters where parameter.required && !given.contains(parameter.name) {
            let path = Self.path(field, parameter.name)
            let name = Excerpt.of(declaration.preset.name)
            if declaration.preset.prebuilds == nil {
                warn("preset '\(name)' leaves this required parameter to whoever uses it", at: declaration.node, path)
            } else {
                let isPushed = parameter.source == .variable && coder != nil
                let orPush = isPushed ? ", or push with '--variable \(parameter.name)=VALUE'" : ""
                report(
                    "preset '\(name)' gives no value for this required parameter, so its pool could not be built",
                    at: declaration.node,
                    path,
                    remedy: "add it to the preset's parameters, or give it a default\(orPush)"
                )
            }
        }
    }
}
