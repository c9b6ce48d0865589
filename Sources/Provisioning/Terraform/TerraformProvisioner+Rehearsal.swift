// SPDX-License-Identifier: Apache-2.0

import Domain

extension TerraformProvisioner {
    /// Plans a claim of what was just built. Nothing is applied, and the state stays as it is.
    ///
    /// - Returns: `nil` when the execution was stopped meanwhile; the next build of the version rehearses then.
    func rehearsal(
        of request: BuildRequest,
        _ state: [UInt8]?,
        _ terraform: TerraformSession
    ) async -> Rehearsal? {
        guard request.rehearses, terraform.control.interruption == nil else { return nil }
        terraform.log.log(.info, "rehearse", "Rehearsing a claim by another owner; nothing of it is applied.")
        var terraform = terraform
        do throws(ProvisioningFailure) {
            try await terraform.give(request.asClaim(of: state))
            return Rehearsal(try await terraform.plan())
        } catch {
            guard terraform.control.interruption == nil, error.code != .interrupted, error.code != .canceled else {
                return nil
            }
            return Rehearsal(.failed, message: terraform.log.redactor.redact(error).message)
        }
    }
}
