// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compression by zlib (RFC 1950), for bytes that only this program reads.
enum Deflate {
    /// The fastest level, because a state is written after each resource; states are repetitive JSON and shrink well
    /// even so.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var size = compressBound(uLong(bytes.count))
        var compressed = [UInt8](repeating: 0, count: Int(size))
        guard compress2(&compressed, &size, bytes, uLong(bytes.count), Z_BEST_SPEED) == Z_OK else { return nil }
        return Array(compressed.prefix(Int(size)))
    }

    /// - Parameter size: The expected size; the result is `nil` when it differs, or when the bytes are not compressed
    ///   data.
    static func decompress(_ compressed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        var count = uLong(size)
        let result = compressed.withUnsafeBufferPointer {
            uncompress(&bytes, &count, $0.baseAddress, uLong($0.count))
        }
        return result == Z_OK && count == uLong(size) ? bytes : nil
    }
}
