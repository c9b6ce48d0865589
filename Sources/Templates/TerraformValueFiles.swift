// SPDX-License-Identifier: Apache-2.0

import Basics

/// Files of values that Terraform reads by itself (Terraform, "Variable Definitions Files"). Their values replace the
/// variables' defaults; the values of a preset or a claim replace both.
enum TerraformValueFiles {
    /// Whether Terraform reads the file of the template's directory without an option.
    static func contains(_ name: String) -> Bool {
        guard !name.utf8.contains(UInt8(ascii: "/")) else { return false }
        return rank(name) != nil
    }

    /// The rank of the file; a higher one wins. `nil` for other files.
    private static func rank(_ name: String) -> Int? {
        switch name {
        case "terraform.tfvars": 0
        case "terraform.tfvars.json": 1
        case _ where name.hasSuffix(".auto.tfvars") || name.hasSuffix(".auto.tfvars.json"): 2
        default: nil
        }
    }

    /// Sets the variables' defaults to the values of the files. Values of undeclared variables are ignored, as
    /// Terraform does; secrets are not copied.
    static func apply(
        _ files: [SourceFile],
        to variables: inout [TerraformVariable],
        _ errors: inout [TemplateError]
    ) {
        let ranked = files.compactMap { file in contains(file.name) ? rank(file.name).map { ($0, file) } : nil }
        let ordered = ranked.sorted {
            $0.0 != $1.0 ? $0.0 < $1.0 : $0.1.name.utf8.lexicographicallyPrecedes($1.1.name.utf8)
        }
        let indices = Dictionary(variables.enumerated().map { ($1.name, $0) }) { first, _ in first }
        for (_, file) in ordered {
            guard file.text.utf8.count <= TemplateLimits.moduleFile else {
                errors.append(TemplateError(file: file.name, "it has more than \(TemplateLimits.moduleFile >> 20) MiB"))
                continue
            }
            do throws(HCLProblem) {
                for (name, literal) in try values(in: file) {
                    guard let index = indices[name] else { continue }
                    variables[index].takeDefault(literal)
                }
            } catch {
                errors.append(TemplateError(file: file.name, line: error.line, column: error.column, error.message))
            }
        }
    }

    /// The values of a file by name; `nil` for a value that only Terraform can evaluate.
    private static func values(in file: SourceFile) throws(HCLProblem) -> [(name: String, literal: JSON?)] {
        if file.name.hasSuffix(".json") {
            return (try JSONNode.read(file.text).members ?? []).map { ($0.name, $0.value.value) }
        }
        return try HCLParser.body(of: file.text).attributes.map { ($0.key, $0.value.expression.literal) }
    }
}

extension TerraformVariable {
    /// Terraform takes `null` as "not given" where a variable is not nullable.
    fileprivate mutating func takeDefault(_ literal: JSON?) {
        if literal == .null, !nullable { return }
        hasDefault = true
        defaultValue = sensitive || ephemeral ? nil : Self.outsideText(of: literal, type: type)
    }
}
