// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compression by zlib (RFC 1950), for bytes that are read again by this program alone.
enum Deflate {
    /// Quick, for a state is written anew after each resource; a state is JSON that repeats itself, and shrinks well even so.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var size = compressBound(uLong(bytes.count))
        var compressed = [UInt8](repeating: 0, count: Int(size))
        guard compress2(&compressed, &size, bytes, uLong(bytes.count), Z_BEST_SPEED) == Z_OK else { return nil }
        return Array(compressed.prefix(Int(size)))
    }

    /// - Parameter size: How many bytes it was; `nil` comes back when it was not, or when these are no compressed bytes.
    static func decompress(_ compressed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        var count = uLong(size)
        let result = compressed.withUnsafeBufferPointer {
            uncompress(&bytes, &count, $0.baseAddress, uLong($0.count))
        }
        return result == Z_OK && count == uLong(size) ? bytes : nil
    }
}
