// SPDX-License-Identifier: Apache-2.0

/// The records of a pax extended header, `LENGTH KEY=VALUE\n`, where the length counts itself.
enum PaxRecord {
    static func read(_ bytes: ArraySlice<UInt8>, of entry: String) throws(ArchiveRefusal) -> [(
        key: String, value: String
    )] {
        var records: [(key: String, value: String)] = []
        var rest = bytes
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
                let digits = String(validating: rest[..<space], as: UTF8.self),
                let length = Int(digits), length > space - rest.startIndex + 1, length <= rest.count,
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n"),
                let text = String(validating: rest[(space + 1)..<(rest.startIndex + length - 1)], as: UTF8.self),
                let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
            else {
                throw ArchiveRefusal(.malformed, entry: entry, "its extended header cannot be read")
            }
            records.append((String(text[..<equals]), String(text[text.utf8.index(after: equals)...])))
            rest = rest.dropFirst(length)
        }
        return records
    }

    static func write(_ key: String, _ value: String) -> [UInt8] {
        let body = " \(key)=\(value)\n"
        var length = body.utf8.count
        // The length includes its own digits, and may carry into one digit more.
        while "\(length)".utf8.count + body.utf8.count != length {
            length = "\(length)".utf8.count + body.utf8.count
        }
        return Array("\(length)\(body)".utf8)
    }
}
