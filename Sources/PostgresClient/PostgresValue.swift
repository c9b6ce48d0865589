// SPDX-License-Identifier: Apache-2.0

/// The bytes of one column or array element, as the server sent them. It keeps its result alive.
package struct PostgresValue {
    /// The OID of the value's type.
    package let oid: UInt32
    /// The number of bytes.
    package let count: Int
    @usableFromInline let start: UnsafeRawPointer
    @usableFromInline let owner: ResultStorage

    /// `start` must point to `count` bytes that live as long as `owner`.
    init(oid: UInt32, start: UnsafeRawPointer, count: Int, owner: ResultStorage) {
        self.oid = oid
        self.count = count
        self.start = start
        self.owner = owner
    }

    /// Throws `.decoding` unless the value is of this type.
    package func require(_ type: PostgresType, for target: Any.Type) throws {
        guard type.oid == oid else { throw mismatch(target) }
    }

    /// The error that says that a value of this type is not read as `target`.
    package func mismatch(_ target: Any.Type) -> PostgresError {
        .decoding(
            "a value of type OID \(oid) and \(count) bytes cannot be read as \(target)",
            remedy: "Cast the column in the statement, or read it as the type it has."
        )
    }

    /// The big-endian integer at the offset. Throws `.decoding` when the value ends before it does.
    @inlinable package func integer<I: FixedWidthInteger>(_ type: I.Type, at offset: Int = 0) throws -> I {
        let size = MemoryLayout<I>.size
        guard offset >= 0, offset + size <= count else { throw mismatch(type) }
        return withExtendedLifetime(owner) {
            var integer: I = 0
            withUnsafeMutableBytes(of: &integer) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: start + offset, count: size))
            }
            return I(bigEndian: integer)
        }
    }

    /// The bytes from the offset on as text. Throws `.decoding` when they are not UTF-8.
    package func text(from offset: Int = 0) throws -> String {
        guard offset <= count else { throw mismatch(String.self) }
        return try withExtendedLifetime(owner) {
            let bytes = UnsafeRawBufferPointer(start: start + offset, count: count - offset)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw mismatch(String.self) }
            return text
        }
    }

    /// A copy of the bytes.
    package var bytes: [UInt8] {
        withExtendedLifetime(owner) { [UInt8](UnsafeRawBufferPointer(start: start, count: count)) }
    }

    func slice(at offset: Int, count length: Int, oid: UInt32) throws -> Self {
        guard offset >= 0, length >= 0, offset + length <= count else { throw mismatch([UInt8].self) }
        return Self(oid: oid, start: start + offset, count: length, owner: owner)
    }
}
