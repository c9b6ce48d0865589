// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto

/// Encrypts states for the database with AES-256-GCM, and decrypts them.
///
/// The format: the bytes `STKR`, a version, the key's id (8 bytes), the nonce (12), the ciphertext, the tag (16); the
/// header is authenticated with the rest. Version 1 holds the state as it is. Version 2 holds its size (4 bytes) and
/// the compressed state, when that is shorter, because ciphertext cannot be compressed. Version 2 is only written when
/// all workers can read it. Without a key a state is stored as it is, and Postgres compresses it (TOAST).
package struct StateCodec: Sendable {
    private struct Key: Sendable {
        let id: [UInt8]
        let key: SymmetricKey
    }

    private enum Version: UInt8 {
        case plain = 1
        case compressed = 2
    }

    private static let magic: [UInt8] = Array("STKR".utf8)
    private static let idSize = 8
    private static let headerSize = magic.count + 1 + idSize
    private static let sizeSize = 4

    private let keys: [Key]

    /// - Parameter keys: 32 bytes each. The first one encrypts, all decrypt: put a new key in front to rotate. None:
    ///   nothing is encrypted.
    /// - Throws: ``StateCodecError/keySize(_:)``.
    package init(keys: [[UInt8]]) throws(StateCodecError) {
        for key in keys where key.count != 32 { throw .keySize(key.count) }
        self.keys = keys.map { bytes in
            // Half a 64-bit hash distinguishes the keys of one installation, and reveals nothing of them.
            Key(
                id: Array(SHA256.hash(data: Array("stoker key id".utf8) + bytes).prefix(Self.idSize)),
                key: .init(data: bytes)
            )
        }
    }

    /// The encrypted state; as it is, when there are no keys.
    ///
    /// - Parameter compressing: Whether to store whichever is shorter, the state or its zlib stream.
    package func seal(_ state: [UInt8], compressing: Bool = false) throws(StateCodecError) -> [UInt8] {
        guard let key = keys.first else { return state }
        let (version, content) = compressing ? Self.shortest(state) : (.plain, state)
        let header = Self.magic + [version.rawValue] + key.id
        do {
            let box = try AES.GCM.seal(content, using: key.key, authenticating: header)
            return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw .damaged
        }
    }

    /// The decrypted state; one that was never encrypted comes back as it is.
    package func open(_ stored: [UInt8]) throws(StateCodecError) -> [UInt8] {
        guard stored.starts(with: Self.magic) else { return stored }
        guard stored.count >= Self.headerSize + 12 + 16 else { throw .damaged }
        guard let version = Version(rawValue: stored[Self.magic.count]) else {
            throw .unknownVersion(stored[Self.magic.count])
        }
        let header = Array(stored[..<Self.headerSize])
        let id = Array(header.suffix(Self.idSize))
        guard let key = keys.first(where: { $0.id == id }) else { throw .unknownKey(id: id.hexadecimal) }
        let content: [UInt8]
        do {
            let box = try AES.GCM.SealedBox(combined: stored[Self.headerSize...])
            content = Array(try AES.GCM.open(box, using: key.key, authenticating: header))
        } catch {
            throw .damaged
        }
        switch version {
        case .plain: return content
        case .compressed:
            let size = content.prefix(Self.sizeSize).reduce(0) { $0 << 8 | Int($1) }
            guard let state = Deflate.decompress(content.dropFirst(Self.sizeSize), size: size) else { throw .damaged }
            return state
        }
    }

    private static func shortest(_ state: [UInt8]) -> (Version, [UInt8]) {
        guard let size = UInt32(exactly: state.count), let compressed = Deflate.compress(state),
            compressed.count + sizeSize < state.count
        else { return (.plain, state) }
        return (.compressed, withUnsafeBytes(of: size.bigEndian, Array.init) + compressed)
    }
}

/// Why a state cannot be encrypted or decrypted.
package enum StateCodecError: Error, Hashable, Sendable, CustomStringConvertible {
    case keySize(Int)
    case unknownKey(id: String)
    /// It was encrypted by a later release.
    case unknownVersion(UInt8)
    case damaged

    package var description: String {
        switch self {
        case .keySize(let count): "an encryption key has 32 bytes, this one has \(count)"
        case .unknownKey(let id): "the state was sealed with key \(id), which is not configured; add it again"
        case .unknownVersion(let version):
            "the state was sealed in the form \(version), which a later release than this one writes; update this worker"
        case .damaged: "the stored state is damaged, or was sealed with another key of the same id"
        }
    }
}
