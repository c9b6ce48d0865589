// SPDX-License-Identifier: Apache-2.0

/// One error in a template: its place, what was expected, and a remedy.
package struct TemplateError: Hashable, Sendable {
    /// Relative to the template's directory.
    package let file: String
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in Unicode scalars; `nil` when the error is about the whole line.
    package let column: Int?
    /// The path to the field, such as `presets[0].prebuilds.instances`; empty when it is about no field.
    package let field: String
    /// What was expected and what was found.
    package let message: String
    /// The remedy; empty when the message contains it.
    package let remedy: String

    package init(
        file: String,
        line: Int = 1,
        column: Int? = nil,
        field: String = "",
        _ message: String,
        remedy: String = ""
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.message = message
        self.remedy = remedy
    }
}

extension TemplateError: CustomStringConvertible {
    /// In the form that editors recognise: `stoker.yaml:12:9: presets[0].name: expected ...; remedy`.
    package var description: String {
        let place = ["\(file):\(line)", column.map(String.init)].compactMap(\.self).joined(separator: ":")
        let sentence = [message, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
        return [place, field, sentence].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

/// A warning: valid, and probably a mistake.
package typealias TemplateWarning = TemplateError

/// All errors in a template, in the order of files and lines; never empty.
package struct TemplateErrors: Error, Hashable, Sendable {
    package let errors: [TemplateError]

    package init(_ errors: [TemplateError]) {
        let sorted = errors.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            return (a.file, a.line, a.column ?? 0, left.offset) < (b.file, b.line, b.column ?? 0, right.offset)
        }
        self.errors = sorted.map(\.element)
    }
}

extension TemplateErrors: CustomStringConvertible {
    /// One error a line.
    package var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
