// SPDX-License-Identifier: Apache-2.0

import Domain
import Store

/// A template with one preset, and a user.
struct ClaimRoom {
    let fleet: Fleet
    let ada: UserID
    let template: Fleet.Template
    let preset: PresetID

    func claim(_ name: String = "mine", key: String? = nil, _ parameters: [String: String] = [:]) async throws
        -> ClaimResult
    {
        try await fleet.store.claim(
            ClaimRequest(
                template: "go-dev",
                owner: "ada",
                name: name,
                parameters: parameters,
                idempotencyKey: key
            )
        )
    }

    /// Makes them in the test's database.
    static func open(sessions: Int = 4, _ body: (ClaimRoom) async throws -> Void) async throws {
        try await Fleet.open(sessions: sessions) { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            try await body(ClaimRoom(fleet: fleet, ada: ada, template: template, preset: preset))
        }
    }
}
