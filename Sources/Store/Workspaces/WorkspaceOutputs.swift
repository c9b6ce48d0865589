// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Domain
import PostgresClient

/// What the latest build gave to a workspace's owner.
package struct WorkspaceOutputs: Hashable, Sendable, Codable {
    /// By name.
    package var outputs: [Output]
    /// The address at which a browser opens the workspace.
    package var open: String?
    /// The command line that connects to it.
    package var ssh: String?

    /// One named value.
    package struct Output: Hashable, Sendable, Codable {
        package var name: String
        /// Any JSON value; `nil`: it is sensitive, and not shown.
        package var value: JSON?
        package var isSensitive: Bool

        package init(name: String, value: JSON?, isSensitive: Bool) {
            (self.name, self.value, self.isSensitive) = (name, value, isSensitive)
        }

        private enum CodingKeys: String, CodingKey {
            case name, value
            case isSensitive = "sensitive"
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            // `null` is a value.
            if container.contains(.value) { value = try container.decode(JSON.self, forKey: .value) }
            isSensitive = try container.decode(Bool.self, forKey: .isSensitive)
        }
    }

    package init(_ outputs: [Output]) {
        self.outputs = outputs
        func known(_ known: KnownOutput) -> String? {
            known.text(of: outputs.first { $0.name == known.rawValue }?.value)
        }
        open = known(.url)
        ssh = known(.ssh)
    }

    /// - Parameter unseal: Decrypts the value of a sensitive output; `nil`: those values are not shown.
    init(_ stored: [StoredOutput], unseal: (([UInt8]) throws -> [UInt8])? = nil) throws {
        self.init(
            try stored.map { stored in
                var json = stored.json
                if let sealed = stored.sealed, let unseal { json = String(decoding: try unseal(sealed), as: UTF8.self) }
                return Output(
                    name: stored.name,
                    value: try json.map { try JSON(parsing: $0) },
                    isSensitive: stored.sealed != nil
                )
            }
        )
    }
}

extension Store {
    /// The outputs of a workspace with the values of its sensitive ones, for the owner.
    ///
    /// Throws ``StoreError`` of code `.notFound`, or of `.invalid` when several workspaces have the name.
    ///
    /// - Parameter owner: Who asks: only a workspace of this user is found. `nil`: anybody's.
    package func revealedOutputs(
        of workspace: String,
        owner: String?,
        ownedBy user: UserID?,
        unseal: @escaping ([UInt8]) throws -> [UInt8]
    ) async throws -> WorkspaceOutputs {
        let id = try await workspaceID(workspace, owner: owner, visibleTo: user.map(Audience.own) ?? .everything)
        let rows = try await pool.executeBatch([Self.outputs(of: id)])[0]
        return try WorkspaceOutputs(try rows.map(StoredOutput.init), unseal: unseal)
    }
}
