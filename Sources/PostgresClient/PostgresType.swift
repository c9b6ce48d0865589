// SPDX-License-Identifier: Apache-2.0

/// A type of the server, by its object identifier in `pg_type`.
package struct PostgresType: Hashable, Sendable {
    /// The type's OID. Those below 16384 are the same in every database.
    package let oid: UInt32
    /// The OID of the array of this type; 0 for arrays themselves, which the server does not nest.
    package let arrayOID: UInt32

    package init(oid: UInt32, arrayOID: UInt32 = 0) {
        self.oid = oid
        self.arrayOID = arrayOID
    }

    /// The type of an array whose elements are of this type.
    package var array: Self { Self(oid: arrayOID) }

    package static let bool = Self(oid: 16, arrayOID: 1000)
    package static let bytea = Self(oid: 17, arrayOID: 1001)
    package static let int8 = Self(oid: 20, arrayOID: 1016)
    package static let int2 = Self(oid: 21, arrayOID: 1005)
    package static let int4 = Self(oid: 23, arrayOID: 1007)
    package static let text = Self(oid: 25, arrayOID: 1009)
    package static let float4 = Self(oid: 700, arrayOID: 1021)
    package static let float8 = Self(oid: 701, arrayOID: 1022)
    package static let timestamptz = Self(oid: 1184, arrayOID: 1185)
    package static let uuid = Self(oid: 2950, arrayOID: 2951)
    package static let jsonb = Self(oid: 3802, arrayOID: 3807)

    /// Types whose binary form is their text: `name`, `text`, `json`, `xml`, `unknown`, `bpchar`, `varchar`.
    private static let textual: Set<UInt32> = [19, 25, 114, 142, 705, 1042, 1043]

    /// Whether values of the type with this OID travel as UTF-8 text. True of enums, whose OIDs are those of user types.
    static func isTextual(_ oid: UInt32) -> Bool {
        oid == text.oid || oid >= 16384 || textual.contains(oid)
    }
}
