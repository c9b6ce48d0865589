// SPDX-License-Identifier: Apache-2.0

/// The state of a database's schema, compared with this program's.
package enum SchemaState: Hashable, Sendable {
    /// No migration has been applied.
    case empty
    /// The schema is this program's own.
    case current
    /// Steps are missing: from the first missing version on.
    case older(version: Int)
    /// A newer program has migrated it further.
    case newer(version: Int)
    /// An applied step differs from the one that this program knows.
    case different(version: Int)

    /// Compares the applied steps with the known ones as sequences.
    init(applied: [(version: Int, checksum: String)], known: [Migration] = Migration.all) {
        for (step, migration) in zip(applied, known)
        where step.version != migration.version || step.checksum != migration.checksum {
            self = .different(version: step.version)
            return
        }
        if applied.isEmpty {
            self = .empty
        } else if applied.count < known.count {
            self = .older(version: known[applied.count].version)
        } else if let last = applied.last, applied.count > known.count {
            self = .newer(version: last.version)
        } else {
            self = .current
        }
    }

    /// Why a program must not start on such a schema; `nil` when it may. Running workers do not check again, because a
    /// migration keeps the previous release's workers running.
    package var refusal: StoreError? {
        switch self {
        case .current: nil
        case .empty:
            StoreError(.schema, "The database has no Stoker schema", remedy: "Run 'stoker migrate'.")
        case .older(let version):
            StoreError(
                .schema,
                "The database's schema is older than this program: step \(version) is missing",
                remedy: "Run 'stoker migrate'."
            )
        case .newer(let version):
            StoreError(
                .schema,
                "The database's schema has step \(version), which this program does not know",
                remedy: "Install the release that migrated it, or a newer one."
            )
        case .different(let version):
            StoreError(
                .schema,
                "Step \(version) of the database's schema is not the one this program knows",
                remedy: "The database was migrated by another build. Use that build, or another database."
            )
        }
    }
}
