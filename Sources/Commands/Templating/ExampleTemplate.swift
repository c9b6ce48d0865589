// SPDX-License-Identifier: Apache-2.0

import Templates

/// The templates of `Config/templates`, embedded in the program (by the links in `Examples`): the start of `stoker up`.
enum ExampleTemplate: String, CaseIterable, Sendable {
    /// Needs a shell.
    case process = "process-local"
    /// Needs Terraform or OpenTofu.
    case terraform = "terraform-local"

    /// What builds its workspaces.
    var means: String {
        switch self {
        case .process: "a shell script"
        case .terraform: "Terraform"
        }
    }

    /// Its files by name.
    var entries: [ArchiveEntry] {
        switch self {
        case .terraform:
            [
                .file("main.tf", PackageResources.terraform_local_main_tf),
                .file("stoker.yaml", PackageResources.terraform_local_stoker_yaml),
                .file("variables.tf", PackageResources.terraform_local_variables_tf),
            ]
        case .process:
            [
                .file("provision", PackageResources.process_local_provision, executable: true),
                .file("stoker.yaml", PackageResources.process_local_stoker_yaml),
            ]
        }
    }
}
