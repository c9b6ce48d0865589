// SPDX-License-Identifier: Apache-2.0

import Basics

/// A file of a template, as text.
package struct SourceFile: Hashable, Sendable {
    /// Relative to the template's directory.
    package let name: String
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// Reads the variables of a Terraform module, in both of its syntaxes.
///
/// It reads only the declarations of variables. All other validation is Terraform's.
package enum TerraformVariables {
    /// All variables. Files that are not part of the module are ignored. Override files come last, in the byte order of
    /// their names, and change the declarations of others (Terraform's "Override Files"). Files of values set the final
    /// defaults.
    package static func variables(in files: [SourceFile]) throws(TemplateErrors) -> [TerraformVariable] {
        let module = files.filter { isModuleFile($0.name) }.sorted { left, right in
            guard isOverride(left.name) == isOverride(right.name) else { return isOverride(right.name) }
            return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        var variables = Declared()
        var errors: [TemplateError] = []
        for file in module {
            guard file.text.utf8.count <= TemplateLimits.moduleFile else {
                errors.append(
                    TemplateError(
                        file: file.name,
                        "it has more than \(TemplateLimits.moduleFile >> 20) MiB",
                        remedy: "put what is not configuration into a file of another name"
                    )
                )
                continue
            }
            do throws(HCLProblem) {
                for declaration in try declarations(in: file) {
                    if isOverride(file.name) {
                        apply(override: declaration, in: file, to: &variables, &errors)
                    } else {
                        add(declaration, in: file, to: &variables, &errors)
                    }
                }
            } catch {
                errors.append(
                    TemplateError(file: file.name, line: error.line, column: error.column, error.message)
                )
            }
        }
        if variables.all.count > TemplateLimits.parameters {
            let most = TemplateLimits.parameters
            let last = variables.all[most]
            errors.append(
                TemplateError(
                    file: last.file,
                    line: last.line,
                    "the module has \(variables.all.count) variables; at most \(most) are allowed"
                )
            )
            throw TemplateErrors(Array(errors.suffix(100)))
        }
        TerraformValueFiles.apply(files, to: &variables.all, &errors)
        guard errors.isEmpty else { throw TemplateErrors(Array(errors.prefix(100))) }
        return variables.all
    }

    /// Variables in their order, with an index by name.
    private struct Declared {
        var all: [TerraformVariable] = []
        private var indices: [String: Int] = [:]

        func index(of name: String) -> Int? { indices[name] }

        mutating func append(_ variable: TerraformVariable) {
            indices[variable.name] = all.count
            all.append(variable)
        }

        mutating func apply(_ declaration: VariableDeclaration, at index: Int) {
            declaration.apply(to: &all[index])
        }
    }

    /// Whether Terraform reads the file as part of the module in the template's directory.
    package static func isModuleFile(_ name: String) -> Bool {
        stem(of: name, [".tf", ".tf.json"]) != nil
    }

    /// Whether the file may contain something that Stoker reads from a module.
    static func isSource(_ name: String) -> Bool {
        isModuleFile(name) || isTofuFile(name) || TerraformValueFiles.contains(name)
    }

    /// Whether OpenTofu reads the file as part of the module, and Terraform does not.
    package static func isTofuFile(_ name: String) -> Bool {
        stem(of: name, [".tofu", ".tofu.json"]) != nil
    }

    /// Whether Terraform, or OpenTofu, merges the file into the others of the module.
    package static func isOverride(_ name: String) -> Bool {
        guard let stem = stem(of: name, [".tf", ".tf.json", ".tofu", ".tofu.json"]) else { return false }
        return stem.elementsEqual("override".utf8) || stem.reversed().starts(with: "_override".utf8.reversed())
    }

    /// The name of a file in the template's directory without its extension; `nil` for other extensions, and for files
    /// that Terraform ignores. In bytes, as Terraform reads names.
    private static func stem(of name: String, _ endings: [String]) -> Substring.UTF8View? {
        let bytes = name.utf8
        guard bytes.first != UInt8(ascii: "."), !bytes.contains(UInt8(ascii: "/")),
            let ending = endings.first(where: { bytes.reversed().starts(with: $0.utf8.reversed()) })
        else { return nil }
        return bytes.dropLast(ending.utf8.count)
    }

    private static func declarations(in file: SourceFile) throws(HCLProblem) -> [VariableDeclaration] {
        file.name.hasSuffix(".json")
            ? try VariableDeclaration.read(json: file.text) : try VariableDeclaration.read(native: file.text)
    }

    private static func add(
        _ declaration: VariableDeclaration,
        in file: SourceFile,
        to variables: inout Declared,
        _ errors: inout [TemplateError]
    ) {
        if let index = variables.index(of: declaration.name) {
            let earlier = variables.all[index]
            errors.append(
                TemplateError(
                    file: file.name,
                    line: declaration.line,
                    field: "variable.\(declaration.name)",
                    "it is already declared at \(earlier.file):\(earlier.line)",
                    remedy: "rename one of the two"
                )
            )
        } else {
            var variable = TerraformVariable(name: declaration.name, file: file.name, line: declaration.line)
            declaration.apply(to: &variable)
            variables.append(variable)
        }
    }

    private static func apply(
        override declaration: VariableDeclaration,
        in file: SourceFile,
        to variables: inout Declared,
        _ errors: inout [TemplateError]
    ) {
        if let index = variables.index(of: declaration.name) {
            variables.apply(declaration, at: index)
        } else if errors.count < 100 {
            errors.append(
                TemplateError(
                    file: file.name,
                    line: declaration.line,
                    field: "variable.\(declaration.name)",
                    "an override file changes variables, and none has this name",
                    remedy: Suggestion.remedy(for: declaration.name, among: variables.all.map(\.name))
                )
            )
        }
    }
}
