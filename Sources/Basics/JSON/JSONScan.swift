// SPDX-License-Identifier: Apache-2.0

/// Scans JSON once, to check that it is complete and to find the parts of its outermost value. This is the only way in
/// which megabytes from outside are examined.
package struct JSONScan {
    /// The members of the outermost object; with a fault, those before it.
    package private(set) var members: [RawJSON.Member] = []
    /// The elements of the outermost array; with a fault, those before it.
    package private(set) var elements: [RawJSON] = []
    /// `nil` if the document is complete.
    package private(set) var fault: JSONFault?

    /// - Parameters:
    ///   - depth: The maximum nesting of objects and arrays.
    ///   - most: How many members and elements are kept.
    package init(_ bytes: ArraySlice<UInt8>, depth: Int = 200, most: Int = 10_000) {
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, depth: depth)
            do throws(JSONFault) {
                try run(&scanner, most: most) { bytes[bytes.startIndex + $0..<bytes.startIndex + $1] }
            } catch {
                fault = error
            }
        }
    }

    package init(_ bytes: [UInt8], depth: Int = 200) {
        self.init(bytes[...], depth: depth)
    }

    /// Whether the document is well-formed and within the bounds.
    package var isWhole: Bool { fault == nil }

    /// The member's value (the last, if there are several, as in most readers).
    package subscript(name: String) -> RawJSON? {
        members.last { $0.name.elementsEqual(name.utf8) }?.value
    }

    private mutating func run(
        _ scanner: inout JSONScanner,
        most: Int,
        slice: (Int, Int) -> ArraySlice<UInt8>
    ) throws(JSONFault) {
        /// The member whose value is being read; `nil` within an array.
        var name: Range<Int>?
        var start = 0
        while true {
            let token = try scanner.next()
            switch token {
            case .end: return
            case .name(let range):
                if scanner.level == 1 { name = range }
                continue
            case .openObject, .openArray:
                if scanner.level == 2 { start = scanner.index - 1 }
                continue
            case .close:
                guard scanner.level == 1 else { continue }
            case .string(let range):
                guard scanner.level == 1 else { continue }
                start = range.lowerBound - 1
            case .number(let range), .word(let range):
                guard scanner.level == 1 else { continue }
                start = range.lowerBound
            }
            let value = RawJSON(slice(start, scanner.index))
            if let name {
                if members.count < most {
                    members.append(RawJSON.Member(slice(name.lowerBound, name.upperBound), value))
                }
            } else if elements.count < most {
                elements.append(value)
            }
        }
    }
}
