// SPDX-License-Identifier: Apache-2.0

import Operations
import Store
package import SystemPackage
package import Templates

/// A template whose builds are measured.
package struct BenchTemplate: Sendable {
    /// What its builds run.
    package enum Program: Hashable, Sendable {
        /// The executable `provision` of the template.
        case process
        /// This program of Terraform or OpenTofu.
        case terraform(FilePath)
    }

    let name: String
    let entries: [ArchiveEntry]
    let program: Program

    /// - Parameter name: The template's name, as its manifest has it.
    package init(name: String, entries: [ArchiveEntry], program: Program) {
        self.name = name
        self.entries = entries
        self.program = program
    }

    /// The same template under another name, so that nothing is known of it yet; its push, and its pools' prebuilds.
    func edition(_ name: String) throws -> (push: TemplatePush, prebuilds: Int) {
        let renamed = entries.map { entry in
            guard entry.path == TemplateManifest.fileName, case .file(let bytes) = entry.kind else { return entry }
            let text = String(decoding: bytes, as: UTF8.self)
                .replacing("name: \(self.name)\n", with: "name: \(name)\n", maxReplacements: 1)
            return .file(entry.path, Array(text.utf8))
        }
        let template = try PackedTemplate(TemplateContents(renamed))
        return (template.push(), template.manifest.presets.reduce(0) { $0 + ($1.prebuilds?.instances ?? 0) })
    }
}
