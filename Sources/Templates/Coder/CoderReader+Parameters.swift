// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Patterns

extension CoderReader {
    mutating func read(parameter fields: CoderFields) {
        let instances = fields.instances
        guard instances != .none else { return }
        guard fields.block.attribute("for_each") == nil, let name = text(fields, "name"), !name.isEmpty else {
            openParameters()
            if fields.block.attribute("for_each") != nil {
                noteOpen(fields.place("for_each"), fields.field("for_each"), "for_each makes the parameters")
            }
            return
        }
        var parameter = CoderParameter(name: name, place: fields.place)
        parameter.displayName = text(fields, "display_name") ?? ""
        parameter.description = text(fields, "description") ?? ""
        parameter.icon = text(fields, "icon") ?? ""
        parameter.mutable = flag(fields, "mutable") ?? false
        parameter.ephemeral = flag(fields, "ephemeral") ?? false
        parameter.formType = text(fields, "form_type") ?? ""
        parameter.order = fields.value("order")?.integer ?? 0
        parameter.isMasked = isMasked(fields)
        readType(of: &parameter, fields)
        readDefault(of: &parameter, fields)
        readOptions(of: &parameter, fields)
        readValidation(of: &parameter, fields)
        checkBlocks(fields, ["option", "validation"], prefix: fields.field(""))
        if instances == .open {
            openParameters()
            parameter.required = false
            noteOpen(fields.place("count"), fields.field("count"), "count decides whether there is this parameter")
        }
        add(parameter)
    }

    private mutating func readType(of parameter: inout CoderParameter, _ fields: CoderFields) {
        guard let type = text(fields, "type") else { return }
        guard ParameterDeclaration.types.contains(type) else {
            let place = fields.place("type")
            let types = ParameterDeclaration.types
            return report(
                TemplateError(
                    file: place.file,
                    line: place.line,
                    field: fields.field("type"),
                    "expected one of \(types.joined(separator: ", ")), found '\(Excerpt.of(type))'",
                    remedy: Suggestion.nearest(to: type, among: types).map { "did you mean '\($0)'?" } ?? ""
                )
            )
        }
        parameter.type = type
    }

    /// A default of `null` is none.
    private mutating func readDefault(of parameter: inout CoderParameter, _ fields: CoderFields) {
        switch fields.value("default") {
        case nil, .null?: parameter.required = true
        case let value?:
            guard let text = value.text ?? value.json?.json else {
                return noteOpen(fields.place("default"), fields.field("default"))
            }
            parameter.defaultValue = ParameterType(parameter.type).canonical(text) ?? text
        }
    }

    private mutating func readOptions(of parameter: inout CoderParameter, _ fields: CoderFields) {
        if let line = fields.block.dynamicLine("option") {
            parameter.hasOpenOptions = true
            noteOpen(
                CoderPlace(file: fields.block.file, line: line),
                fields.field("option"),
                "a dynamic block makes options"
            )
        }
        for (index, block) in fields.block.blocks("option").prefix(TemplateLimits.options).enumerated() {
            let option = CoderFields(block: block, scope: fields.scope)
            let prefix = fields.field("option[\(index)]")
            guard let value = text(option, "value", of: prefix) else {
                parameter.hasOpenOptions = true
                continue
            }
            parameter.options.append(
                ParameterOption(
                    name: text(option, "name", of: prefix) ?? value,
                    value: value,
                    description: text(option, "description", of: prefix) ?? "",
                    icon: text(option, "icon", of: prefix) ?? ""
                )
            )
        }
    }

    private mutating func readValidation(of parameter: inout CoderParameter, _ fields: CoderFields) {
        if let line = fields.block.dynamicLine("validation") {
            noteOpen(
                CoderPlace(file: fields.block.file, line: line),
                fields.field("validation"),
                "a dynamic block makes the validation"
            )
        }
        guard let block = fields.block.blocks("validation").first else { return }
        let rules = CoderFields(block: block, scope: fields.scope)
        let prefix = fields.field("validation")
        parameter.rules.minimum = text(rules, "min", of: prefix).flatMap(Double.init)
        parameter.rules.maximum = text(rules, "max", of: prefix).flatMap(Double.init)
        parameter.rules.regex = text(rules, "regex", of: prefix)
        parameter.rules.error = text(rules, "error", of: prefix) ?? ""
        parameter.rules.monotonic = text(rules, "monotonic", of: prefix)
    }

    /// `styling = jsonencode({ mask_input = true })`
    private func isMasked(_ fields: CoderFields) -> Bool {
        guard let text = fields.value("styling")?.text, let styling = try? JSON(parsing: text) else { return false }
        return styling["mask_input"] == true
    }
}

extension CoderParameter {
    /// As it is stored with a version.
    var parameter: TemplateParameter {
        // A list of which each option is a whole value is checked by the provider: Stoker's options are elements.
        let areElements = type != "list(string)" || formType == "multi-select"
        var rules = rules
        // The provider knows expressions that are not RE2's, or reports them.
        if let regex = rules.regex, regex.unicodeScalars.count > TemplateLimits.pattern || Pattern(regex) == nil {
            rules.regex = nil
        }
        if type != "number" { (rules.minimum, rules.maximum) = (nil, nil) }
        var parameter = TemplateParameter(
            name: name,
            description: description,
            type: type,
            mutable: mutable,
            sensitive: isMasked,
            defaultValue: defaultValue,
            required: required,
            options: hasOpenOptions || !areElements ? [] : options.map(\.value),
            rules: rules
        )
        parameter.source = .coder
        parameter.displayName = displayName
        parameter.icon = icon
        parameter.ephemeral = ephemeral
        parameter.labels = options
        return parameter
    }
}
