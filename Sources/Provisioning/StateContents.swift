// SPDX-License-Identifier: Apache-2.0

/// What a stored state names, as far as it can be told without running its provisioner.
package enum StateContents {
    /// Addresses of the resources that a Terraform state names; empty for anything else, whose form only its template knows.
    package static func resources(of state: [UInt8]) -> [String] {
        TerraformStateFile(state)?.managed.map(\.address) ?? []
    }
}
