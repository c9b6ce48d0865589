// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import SystemPackage
import Templates

/// The templates of `Config/starts`, embedded in the program: what `stoker templates init` writes.
enum TemplateStart: String, CaseIterable, Sendable {
    /// Needs a shell.
    case process
    /// Needs Terraform or OpenTofu.
    case terraform

    /// The name in its `stoker.yaml`, in whose place that of the author's template is written.
    private static let placeholder = "name: my-template\n"

    /// Its files by name.
    private var files: [(name: String, content: [UInt8], isExecutable: Bool)] {
        switch self {
        case .process:
            [
                ("provision", PackageResources.start_process_provision, true),
                ("stoker.yaml", PackageResources.start_process_stoker_yaml, false),
            ]
        case .terraform:
            [
                ("main.tf", PackageResources.start_terraform_main_tf, false),
                ("stoker.yaml", PackageResources.start_terraform_stoker_yaml, false),
                ("variables.tf", PackageResources.start_terraform_variables_tf, false),
            ]
        }
    }

    /// Its files for a template of that name.
    func entries(named name: String) -> [ArchiveEntry] {
        files.map { file in
            guard file.name == TemplateManifest.fileName else {
                return .file(file.name, file.content, executable: file.isExecutable)
            }
            let text = String(decoding: file.content, as: UTF8.self)
                .replacing(Self.placeholder, with: "name: \(name)\n", maxReplacements: 1)
            return .file(file.name, Array(text.utf8))
        }
    }

    /// Writes the files into a directory, which is made if it is missing. Replaces nothing.
    ///
    /// - Returns: the names of the files.
    func write(named name: String, to directory: String) throws(CommandError) -> [String] {
        let entries = entries(named: name)
        let files = FileManager.default
        let there = entries.map(\.path).filter { files.fileExists(atPath: "\(directory)/\($0)") }
        guard there.isEmpty else {
            throw CommandError(
                .refused,
                "'\(directory)' has \(there.joined(separator: " and ")) already, and nothing was written",
                remedy: "Name another directory, or 'stoker templates check \(directory)' what is there."
            )
        }
        do {
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for case (let entry, .file(let content)) in entries.map({ ($0, $0.kind) }) {
                let file = try FileDescriptor.open(
                    FilePath("\(directory)/\(entry.path)"),
                    .writeOnly,
                    options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: FilePermissions(rawValue: entry.isExecutable ? 0o755 : 0o644)
                )
                _ = try file.closeAfter { try file.writeAll(content) }
            }
        } catch {
            throw CommandError("'\(directory)' cannot be written to: \(error)", remedy: "Name another directory.")
        }
        return entries.map(\.path)
    }
}
