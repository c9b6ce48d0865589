// SPDX-License-Identifier: Apache-2.0

extension Parameters {
    typealias Values = UnsafePointer<UnsafePointer<CChar>?>

    /// Calls the body with libpq's arrays of values, lengths and formats (all binary).
    func withPointers<R>(_ body: (Values?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R) -> R {
        guard count > 0 else { return body(nil, nil, nil) }
        // An empty value needs an address too: none means NULL.
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { formats in
                formats.initialize(repeating: 1)
                var nothing: CChar = 0
                return withUnsafePointer(to: &nothing) { empty in
                    buffer.bytes.withUnsafeBytes { bytes in
                        var position = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? empty
                        for (index, length) in lengths.enumerated() {
                            pointers.initializeElement(at: index, to: length < 0 ? nil : length == 0 ? empty : position)
                            if length > 0 { position += Int(length) }
                        }
                        return body(UnsafePointer(pointers.baseAddress), lengths, UnsafePointer(formats.baseAddress))
                    }
                }
            }
        }
    }
}
