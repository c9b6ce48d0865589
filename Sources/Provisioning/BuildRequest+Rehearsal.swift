// SPDX-License-Identifier: Apache-2.0

import Domain

extension BuildRequest {
    /// The claim build that would follow this build of a prebuild: of another owner, under another name.
    ///
    /// - Parameter state: What the build has left.
    func asClaim(of state: [UInt8]?) -> BuildRequest {
        var request = self
        request.build.stage = .claim
        request.build.number += 1
        request.build.id = .random()
        request.build.workspace.name = "rehearsal"
        request.build.owner = WorkspaceBuild.Owner(id: .random(), username: "rehearsal", email: "rehearsal@localhost")
        request.state = state
        request.refreshFirst = false
        return request
    }
}
