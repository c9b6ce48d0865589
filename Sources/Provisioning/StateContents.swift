// SPDX-License-Identifier: Apache-2.0

import Domain

/// Reads a stored state as far as that is possible without its provisioner.
package enum StateContents {
    /// Addresses of the resources in a Terraform state; empty for any other form, which only its template knows.
    package static func resources(of state: [UInt8]) -> [String] {
        TerraformStateFile(state)?.managed.map(\.address) ?? []
    }
}
