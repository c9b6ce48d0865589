// SPDX-License-Identifier: Apache-2.0

import Templates

/// The templates of `Config/templates`, carried in the program: what `stoker up` begins with.
enum ExampleTemplate: String, CaseIterable, Sendable {
    /// Needs Terraform or OpenTofu.
    case terraform = "terraform-local"
    /// Needs a shell.
    case process = "process-local"

    /// Its files by name.
    var entries: [ArchiveEntry] {
        switch self {
        case .terraform:
            [
                .file("main.tf", Array(Self.terraformMain.utf8)),
                .file("stoker.yaml", Array(Self.terraformManifest.utf8)),
                .file("variables.tf", Array(Self.terraformVariables.utf8)),
            ]
        case .process:
            [
                .file("provision", Array(Self.processProgram.utf8), executable: true),
                .file("stoker.yaml", Array(Self.processManifest.utf8)),
            ]
        }
    }
}
