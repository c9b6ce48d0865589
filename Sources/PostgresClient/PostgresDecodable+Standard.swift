// SPDX-License-Identifier: Apache-2.0

extension Bool: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try value.require(.bool, for: Self.self)
        self = try value.integer(UInt8.self) != 0
    }
}

extension Int16: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try value.require(.int2, for: Self.self)
        self = try value.integer(Int16.self)
    }
}

/// Reads `int4` and `int2`.
extension Int32: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        switch value.oid {
        case PostgresType.int4.oid: self = try value.integer(Int32.self)
        case PostgresType.int2.oid: self = try Int32(value.integer(Int16.self))
        default: throw value.mismatch(Self.self)
        }
    }
}

/// Reads `int8`, `int4` and `int2`.
extension Int64: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        switch value.oid {
        case PostgresType.int8.oid: self = try value.integer(Int64.self)
        case PostgresType.int4.oid: self = try Int64(value.integer(Int32.self))
        case PostgresType.int2.oid: self = try Int64(value.integer(Int16.self))
        default: throw value.mismatch(Self.self)
        }
    }
}

/// Reads `int8`, `int4` and `int2`.
extension Int: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        self = Int(try Int64(postgres: value))
    }
}

/// Reads `float8` and `float4`.
extension Double: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        switch value.oid {
        case PostgresType.float8.oid: self.init(bitPattern: try value.integer(UInt64.self))
        case PostgresType.float4.oid: self.init(Float(bitPattern: try value.integer(UInt32.self)))
        default: throw value.mismatch(Self.self)
        }
    }
}

/// Reads text types, enums (their label), `json` and `jsonb`.
extension String: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        if PostgresType.isTextual(value.oid) {
            self = try value.text()
        } else {
            self = try PostgresJSON(postgres: value, as: String.self).text
        }
    }
}

extension PostgresJSON: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try self.init(postgres: value, as: Self.self)
    }

    fileprivate init(postgres value: PostgresValue, as target: Any.Type) throws {
        if value.oid == PostgresType.jsonb.oid {
            guard try value.integer(UInt8.self) == Self.binaryVersion else { throw value.mismatch(target) }
            self.init(try value.text(from: 1))
        } else {
            try value.require(PostgresType(oid: 114), for: target)
            self.init(try value.text())
        }
    }
}

/// A byte of `bytea`: `[UInt8]` reads one `bytea` value, and `[[UInt8]]` an array of them.
extension UInt8: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try value.require(.bytea, for: Self.self)
        guard value.count == 1 else { throw value.mismatch(Self.self) }
        self = try value.integer(UInt8.self)
    }

    package static func decode(array value: PostgresValue) throws -> [UInt8] {
        try value.require(.bytea, for: [UInt8].self)
        return value.bytes
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        self = try Element.decode(array: value)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        self = .some(try Wrapped(postgres: value))
    }

    package static var postgresNull: Self? { .some(.none) }
}
