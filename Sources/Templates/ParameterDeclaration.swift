// SPDX-License-Identifier: Apache-2.0

import Basics
import Patterns

/// An entry of `parameters` in `stoker.yaml`; `nil` for what it does not set.
struct ParameterDeclaration {
    let key: YAMLKey
    let fields: ManifestFields<ManifestParameterKey>
    var description: String?
    var type: String?
    var required: Bool?
    var mutable: Bool?
    var sensitive: Bool?
    var options: [String]?
    var rules: ParameterRules?
    var displayOrder: Int?

    /// The types that a `process` template may give its parameters.
    static let types = ["string", "number", "bool", "list(string)"]

    /// The fields that the module sets itself, and `stoker.yaml` may not repeat.
    private static let modulesOwn: [ManifestParameterKey] = [.type, .defaultValue, .required, .sensitive, .validation]

    /// Adds to a module's parameter, which `block` declares, the fields that only `stoker.yaml` can set.
    func apply(to parameter: inout TemplateParameter, of block: String, _ reader: inout ManifestReader) {
        for key in Self.modulesOwn {
            guard let node = fields[key] else { continue }
            reader.report(
                "the module says this",
                at: node,
                fields.path(key),
                remedy: "remove it here and write it in \(block)"
            )
        }
        if let description { parameter.description = description }
        if let mutable { parameter.mutable = mutable }
        if let options { parameter.options = options }
        if let displayOrder { parameter.displayOrder = displayOrder }
    }

    /// The whole parameter, when there is no module.
    func parameter(order: Int, _ reader: inout ManifestReader) -> TemplateParameter {
        var parameter = TemplateParameter(
            name: key.name,
            description: description ?? "",
            type: type ?? "string",
            mutable: mutable ?? false,
            sensitive: sensitive ?? false,
            options: options ?? [],
            rules: rules ?? ParameterRules(),
            displayOrder: displayOrder ?? order
        )
        if let rules, let node = fields[.validation], rules.minimum ?? rules.maximum != nil, parameter.type != "number"
        {
            reader.report(
                "min and max are for numbers, and the type is \(parameter.type)",
                at: node,
                fields.path(.validation)
            )
        }
        if let node = fields[.defaultValue] {
            parameter.defaultValue = ParameterValue.text(of: node, for: parameter, fields.path(.defaultValue), &reader)
            if required == true, let node = fields[.required] {
                reader.report(
                    "a parameter with a default is never missing",
                    at: node,
                    fields.path(.required),
                    remedy: "remove 'required' or 'default'"
                )
            }
        }
        parameter.required = required ?? (fields[.defaultValue] == nil)
        return parameter
    }
}

extension ManifestReader {
    mutating func parameters(_ node: YAMLNode?, _ field: String) -> [ParameterDeclaration] {
        entries(node, field).compactMap { key, value in
            let path = Self.path(field, key.name)
            if BuiltinVariables.contains(key.name) {
                report("names that begin with '\(BuiltinVariables.prefix)' are given by Stoker", at: key, path)
                return nil
            }
            guard key.name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]*/) != nil else {
                report("expected a name of letters, digits, '_' and '-'", at: key, path)
                return nil
            }
            return parameter(key, value, path)
        }
    }

    private mutating func parameter(_ key: YAMLKey, _ node: YAMLNode, _ path: String) -> ParameterDeclaration {
        // `region:` without a value declares a required text.
        if case .null = node.content {
            return ParameterDeclaration(key: key, fields: ManifestFields(node: node, field: path, values: [:]))
        }
        let fields = fields(of: node, path, as: ManifestParameterKey.self)
        var declaration = ParameterDeclaration(key: key, fields: fields)
        declaration.description = text(fields[.description], fields.path(.description))
        declaration.required = flag(fields[.required], fields.path(.required))
        declaration.mutable = flag(fields[.mutable], fields.path(.mutable))
        declaration.sensitive = flag(fields[.sensitive], fields.path(.sensitive))
        declaration.displayOrder = wholeNumber(fields[.displayOrder], fields.path(.displayOrder), in: 0...10_000)
        declaration.rules = rules(fields[.validation], fields.path(.validation))
        declaration.type = type(fields[.type], fields.path(.type))
        if let options = fields[.options] {
            declaration.options = elements(options, fields.path(.options), most: TemplateLimits.options).enumerated()
                .compactMap { index, option in
                    text(option, "\(fields.path(.options))[\(index)]")
                }
        }
        return declaration
    }

    private mutating func type(_ node: YAMLNode?, _ path: String) -> String? {
        guard let type = text(node, path)?.filter({ !$0.isWhitespace }), let node else { return nil }
        guard ParameterDeclaration.types.contains(type) else {
            let types = ParameterDeclaration.types
            report(
                "expected one of \(types.joined(separator: ", ")), found \(node.kind)",
                at: node,
                path,
                remedy: Suggestion.nearest(to: type, among: types).map { "did you mean '\($0)'?" } ?? ""
            )
            return nil
        }
        return type
    }

    private mutating func rules(_ node: YAMLNode?, _ path: String) -> ParameterRules? {
        guard let node else { return nil }
        let fields = fields(of: node, path, as: ManifestValidationKey.self)
        let rules = ParameterRules(
            regex: text(fields[.regex], fields.path(.regex)),
            minimum: number(fields[.min], fields.path(.min)),
            maximum: number(fields[.max], fields.path(.max)),
            error: text(fields[.error], fields.path(.error)) ?? ""
        )
        if let regex = rules.regex, let node = fields[.regex] {
            if regex.unicodeScalars.count > TemplateLimits.pattern {
                report("it has more than \(TemplateLimits.pattern) characters", at: node, fields.path(.regex))
            } else if Pattern(regex) == nil {
                report(
                    "\(node.kind) is not a regular expression",
                    at: node,
                    fields.path(.regex),
                    remedy:
                        "write it as Terraform does (RE2): it has no backreferences and looks neither ahead nor behind"
                )
            }
        }
        if let minimum = rules.minimum, let maximum = rules.maximum, minimum > maximum, let node = fields[.max] {
            report("expected a number that is not below min", at: node, fields.path(.max))
        }
        return rules
    }
}
