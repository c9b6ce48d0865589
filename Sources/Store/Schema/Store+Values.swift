// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient
package import Time

extension Identifier: PostgresEncodable {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into buffer: inout PostgresBuffer) {
        buffer.append(integer: high)
        buffer.append(integer: low)
    }
}

extension Identifier: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try value.require(.uuid, for: Self.self)
        self.init(high: try value.integer(UInt64.self), low: try value.integer(UInt64.self, at: 8))
    }
}

extension Instant: PostgresEncodable {
    package static var postgresType: PostgresType { .timestamptz }

    package func encode(into buffer: inout PostgresBuffer) {
        // Postgres' infinities are mapped to the ends of the program's range.
        let isInfinite = self == .distantFuture || microseconds == .min
        let (sum, overflows) = microseconds.subtractingReportingOverflow(Self.postgresEpoch)
        buffer.append(integer: isInfinite ? microseconds : overflows ? .min : sum)
    }

    /// 2000-01-01T00:00:00Z, from which Postgres counts.
    fileprivate static let postgresEpoch: Int64 = 946_684_800_000_000
}

extension Instant: PostgresDecodable {
    package init(postgres value: PostgresValue) throws {
        try value.require(.timestamptz, for: Self.self)
        let microseconds = try value.integer(Int64.self)
        switch microseconds {
        case .max: self.init(microseconds: .max)
        case .min: self.init(microseconds: .min)
        // The last centuries of Postgres' range are outside of the program's.
        default:
            let (sum, overflows) = microseconds.addingReportingOverflow(Self.postgresEpoch)
            self.init(microseconds: overflows ? .max : sum)
        }
    }
}

extension OpenEnum: PostgresDecodable {
    package init(postgres value: PostgresValue) throws { self.init(text: try String(postgres: value)) }
}

extension JobClass: PostgresDecodable {
    /// The class of a job's priority.
    package init(postgres value: PostgresValue) throws { self.init(priority: try Int16(postgres: value)) }
}

extension Row {
    /// A label of a database enum, as text. Throws ``StoreError`` of code `.inconsistent` for a label of another
    /// release.
    func label<Label: RawRepresentable<String>>(_ column: StaticString) throws -> Label {
        let text: String = try self[column]
        guard let label = Label(rawValue: text) else { throw StoreError.internalInconsistency("\(column) '\(text)'") }
        return label
    }
}

extension Duration {
    /// Seconds with their fraction, for `make_interval(secs => ...)`.
    var inSeconds: Double {
        self / .seconds(1)
    }
}

extension QueryResult {
    /// The only row of a statement that always returns one.
    package func only() throws -> Row {
        guard let row = first else { throw StoreError.internalInconsistency("a statement returned no row") }
        return row
    }
}
