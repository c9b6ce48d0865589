// SPDX-License-Identifier: Apache-2.0

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
/// Only what a variable declares is read. Whether the module is right otherwise is Terraform's to say.
package enum TerraformVariables {
    /// The parameters of a module: its variables, without those that Stoker gives itself, in the order of the files.
    package static func read(files: [SourceFile]) throws(TemplateErrors) -> [TemplateParameter] {
        let own = try variables(in: files).filter { !BuiltinVariables.contains($0.name) }
        return own.enumerated().map { order, variable in
            var parameter = variable.parameter
            parameter.displayOrder = order
            return parameter
        }
    }

    /// All variables. Files that are no module's are passed over; override files come last, in the order of the bytes of their
    /// names, and change what others declare (Terraform's "Override Files"). Files of values say the last word on defaults.
    package static func variables(in files: [SourceFile]) throws(TemplateErrors) -> [TerraformVariable] {
        let module = files.filter { isModuleFile($0.name) }.sorted { left, right in
            guard isOverride(left.name) == isOverride(right.name) else { return isOverride(right.name) }
            return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        var variables: [TerraformVariable] = []
        var errors: [TemplateError] = []
        for file in module {
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
        TerraformValueFiles.apply(files, to: &variables, &errors)
        guard errors.isEmpty else { throw TemplateErrors(errors) }
        return variables
    }

    /// Whether Terraform reads the file as part of the module in the template's directory.
    package static func isModuleFile(_ name: String) -> Bool {
        stem(of: name, [".tf", ".tf.json"]) != nil
    }

    /// Whether what Stoker reads of a module may be in the file.
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

    /// The name of a file in the template's directory without its ending; `nil` when it has none of these, and for files
    /// that Terraform passes over. In bytes, as Terraform reads names.
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
        to variables: inout [TerraformVariable],
        _ errors: inout [TemplateError]
    ) {
        if let earlier = variables.first(where: { $0.name == declaration.name }) {
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
        to variables: inout [TerraformVariable],
        _ errors: inout [TemplateError]
    ) {
        if let index = variables.firstIndex(where: { $0.name == declaration.name }) {
            declaration.apply(to: &variables[index])
        } else {
            errors.append(
                TemplateError(
                    file: file.name,
                    line: declaration.line,
                    field: "variable.\(declaration.name)",
                    "an override file changes variables, and none has this name",
                    remedy: Suggestion.remedy(for: declaration.name, among: variables.map(\.name))
                )
            )
        }
    }
}
