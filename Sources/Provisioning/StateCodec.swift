// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Seals states for the database with AES-256-GCM, and opens them again.
///
/// Sealed: the bytes `STKR`, a version (1), the key's id (8 bytes), the nonce (12), the ciphertext, the tag (16); the
/// header is authenticated with the rest. Without a key a state is stored as it is, and Postgres compresses it (TOAST);
/// an encrypted one does not compress.
package struct StateCodec: Sendable {
    private struct Key: Sendable {
        let id: [UInt8]
        let key: SymmetricKey
    }

    private static let magic: [UInt8] = Array("STKR".utf8) + [1]
    private static let idSize = 8
    private static let headerSize = magic.count + idSize

    private let keys: [Key]

    /// - Parameter keys: 32 bytes each. The first one seals, all open: put a new key in front to rotate. None: nothing
    ///   is sealed.
    /// - Throws: ``StateCodecError/keySize(_:)``.
    package init(keys: [[UInt8]]) throws(StateCodecError) {
        for key in keys where key.count != 32 { throw .keySize(key.count) }
        self.keys = keys.map { bytes in
            // Half a hash of 64 bits tells the keys of one installation apart, and tells nothing of them.
            Key(
                id: Array(SHA256.hash(data: Array("stoker key id".utf8) + bytes).prefix(Self.idSize)),
                key: .init(data: bytes)
            )
        }
    }

    package func seal(_ state: [UInt8]) throws(StateCodecError) -> [UInt8] {
        guard let key = keys.first else { return state }
        let header = Self.magic + key.id
        do {
            let box = try AES.GCM.seal(state, using: key.key, authenticating: header)
            return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw .damaged
        }
    }

    /// The state in plain; one that was never sealed comes back as it is.
    package func open(_ stored: [UInt8]) throws(StateCodecError) -> [UInt8] {
        guard stored.starts(with: Self.magic) else { return stored }
        guard stored.count >= Self.headerSize + 12 + 16 else { throw .damaged }
        let header = Array(stored[..<Self.headerSize])
        let id = Array(header[Self.magic.count...])
        guard let key = keys.first(where: { $0.id == id }) else { throw .unknownKey(id: Self.hexadecimal(id)) }
        do {
            let box = try AES.GCM.SealedBox(combined: stored[Self.headerSize...])
            return Array(try AES.GCM.open(box, using: key.key, authenticating: header))
        } catch {
            throw .damaged
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Why a state cannot be sealed or opened.
package enum StateCodecError: Error, Hashable, Sendable, CustomStringConvertible {
    case keySize(Int)
    case unknownKey(id: String)
    case damaged

    package var description: String {
        switch self {
        case .keySize(let count): "an encryption key has 32 bytes, this one has \(count)"
        case .unknownKey(let id): "the state was sealed with key \(id), which is not configured; add it again"
        case .damaged: "the stored state is damaged, or was sealed with another key of the same id"
        }
    }
}
