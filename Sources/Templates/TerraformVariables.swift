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

    /// All variables. Files that are no module's are passed over; override files come last, and change what others
    /// declare (Terraform's "Override Files").
    package static func variables(in files: [SourceFile]) throws(TemplateErrors) -> [TerraformVariable] {
        let module = files.filter { isModuleFile($0.name) }.sorted { left, right in
            (isOverride(left.name) ? 1 : 0, left.name) < (isOverride(right.name) ? 1 : 0, right.name)
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
        guard errors.isEmpty else { throw TemplateErrors(errors) }
        return variables
    }

    /// Whether Terraform reads the file as part of the module in the template's directory.
    package static func isModuleFile(_ name: String) -> Bool {
        (name.hasSuffix(".tf") || name.hasSuffix(".tf.json")) && !name.utf8.contains(UInt8(ascii: "/"))
            && !name.hasPrefix(".") && !name.hasPrefix("#")
    }

    private static func isOverride(_ name: String) -> Bool {
        let stem = name.hasSuffix(".json") ? name.dropLast(8) : name.dropLast(3)
        return stem == "override" || stem.hasSuffix("_override")
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
