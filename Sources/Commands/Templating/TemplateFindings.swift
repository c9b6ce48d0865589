// SPDX-License-Identifier: Apache-2.0

import Operations
import Templates

/// One thing that is wrong, or worth knowing, in a template.
struct TemplateFinding: Hashable, Encodable {
    enum Severity: String, Encodable {
        /// A push would be refused, or its import would fail.
        case error
        /// Valid, and probably a mistake.
        case warning
    }

    let severity: Severity
    /// Relative to the template's directory; empty when it is about none.
    let file: String
    /// Counted from 1; `nil` when it is about the whole file.
    let line: Int?
    let column: Int?
    /// The path to the field, such as `presets[0].name`; empty when it is about none.
    let field: String
    let message: String
    /// What to do; empty when the message says it.
    let remedy: String

    init(_ error: TemplateError, _ severity: Severity = .error) {
        self.severity = severity
        file = error.file
        line = error.line
        column = error.column
        field = error.field
        message = error.message
        remedy = error.remedy
    }

    init(_ refusal: ArchiveRefusal) {
        severity = .error
        file = refusal.entry ?? ""
        line = nil
        column = nil
        field = ""
        message = refusal.message
        remedy = ""
    }

    /// What Terraform says: `main.tf:3:5: summary: detail`, or without a place.
    init(_ severity: Severity, terraform text: String) {
        self.severity = severity
        field = ""
        remedy = ""
        if let match = text.prefixMatch(of: #/(?:preset [^:]*: )?([^:\s]+):([0-9]+):([0-9]+): /#) {
            file = String(match.1)
            line = Int(match.2)
            column = Int(match.3)
            let before = match.0.dropLast(match.1.count + match.2.count + match.3.count + 4)
            message = String(before) + String(text[match.range.upperBound...])
        } else {
            file = ""
            line = nil
            column = nil
            message = text
        }
    }

    /// In the form that editors recognise.
    var text: String {
        let place = [file, line.map(String.init), column.map(String.init)].compactMap(\.self).filter { !$0.isEmpty }
            .joined(separator: ":")
        let sentence = [message, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
        return [place, "\(severity.rawValue)", field, sentence].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

/// Everything that a push would say about a template.
struct TemplateFindings: Hashable, Encodable {
    /// `nil` when it cannot be read.
    private(set) var name: String?
    private(set) var findings: [TemplateFinding] = []
    /// The paths that do not belong to the template.
    let leftOut: [String]
    let refused: [String]
    /// The template, if it can be pushed.
    let template: PackedTemplate?

    private enum CodingKeys: String, CodingKey {
        case name, findings, refused, valid
        case leftOut = "left_out"
    }

    /// Reads the template as a push does, and goes on after errors.
    ///
    /// - Parameter name: The name of a template of Coder whose `stoker.yaml` gives none.
    init(_ contents: TemplateContents, name given: String? = nil, zones: ZoneDirectory) throws {
        leftOut = contents.leftOut
        refused = contents.refused
        do {
            let packed = try PackedTemplate(contents, name: given, zones: zones)
            template = packed
            name = packed.manifest.name
            findings = packed.manifest.warnings.map { TemplateFinding($0, .warning) }
        } catch let errors as TemplateErrors {
            template = nil
            findings = errors.errors.map { TemplateFinding($0) } + Self.refusal(of: contents)
        } catch let refusal as ArchiveRefusal {
            template = nil
            findings = [TemplateFinding(refusal)]
        }
    }

    /// Why the archive would be refused besides.
    private static func refusal(of contents: TemplateContents) -> [TemplateFinding] {
        do throws(ArchiveRefusal) {
            _ = try TarArchive.pack(contents.entries)
            return []
        } catch {
            return [TemplateFinding(error)]
        }
    }

    /// Adds what Terraform has found.
    mutating func add(_ more: [TemplateFinding]) {
        for finding in more where !findings.contains(finding) { findings.append(finding) }
    }

    var isValid: Bool { !findings.contains { $0.severity == .error } }

    var text: String {
        let errors = findings.filter { $0.severity == .error }.count
        let counts = [(errors, "error"), (findings.count - errors, "warning")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        let subject = name.map { "The template \($0)" } ?? "The template"
        let verdict = isValid ? "can be pushed" : "cannot be pushed"
        let summary = "\(subject) \(verdict)\(counts.isEmpty ? "" : ": \(counts.joined(separator: ", "))")."
        return (findings.map(\.text) + [summary]).joined(separator: "\n")
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(isValid, forKey: .valid)
        try container.encode(findings, forKey: .findings)
        try container.encode(leftOut, forKey: .leftOut)
        try container.encode(refused, forKey: .refused)
    }

    static func == (left: Self, right: Self) -> Bool {
        (left.name, left.findings, left.leftOut, left.refused)
            == (right.name, right.findings, right.leftOut, right.refused)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(findings)
    }
}
