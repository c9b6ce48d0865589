// SPDX-License-Identifier: Apache-2.0

import Domain

/// The files beside `stoker.yaml`, and what must be among them.
struct TemplateFiles {
    let entries: [ArchiveEntry]
    /// Whether a template without presets is an error.
    let requiresPresets: Bool
    /// The errors of files of the module that cannot be read.
    let unreadable: [TemplateError]

    /// What is wrong with the files of a template of this kind.
    ///
    /// - Parameter line: Where `stoker.yaml` names the executable; `nil`: it does not.
    func problems(_ provisioner: ProvisionerType, executable: String?, line: Int?) -> [TemplateError] {
        switch provisioner {
        case .terraform: unreadable + (hasModule ? [] : [Self.noModule])
        case .process: [executable.flatMap { problem(of: $0, line) }].compactMap(\.self)
        case .echo: []
        }
    }

    private var hasModule: Bool {
        entries.contains { $0.kind != .directory && TerraformVariables.isModuleFile($0.path) }
    }

    private static let noModule = TemplateError(
        file: TemplateManifest.fileName,
        field: "provisioner",
        "a Terraform template needs a .tf or .tf.json file beside it",
        remedy: "add main.tf, or set 'provisioner: process'"
    )

    static let noPresets = TemplateError(
        file: TemplateManifest.fileName,
        field: "presets",
        "there are no presets, so no pool can be kept and nothing claimed",
        remedy: "add one: 'presets: [{ name: base, prebuilds: { instances: 1 } }]'"
    )

    private func problem(of executable: String, _ line: Int?) -> TemplateError? {
        let problem: (message: String, remedy: String)
        switch entries.first(where: { $0.path.isSameName(as: executable) }) {
        case let entry? where entry.kind == .directory:
            problem = ("'\(executable)' is a directory, not a program", "name the file in it")
        case let entry? where !entry.isExecutable:
            problem = ("'\(executable)' may not be executed", "chmod +x \(executable)")
        case nil:
            let remedy = "add it, or name another in 'executable'"
            problem = ("the template holds no file '\(executable)' to run", remedy)
        case _?:
            return nil
        }
        return TemplateError(
            file: TemplateManifest.fileName,
            line: line ?? 1,
            field: "executable",
            problem.message,
            remedy: problem.remedy
        )
    }
}
