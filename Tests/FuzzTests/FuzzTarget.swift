// SPDX-License-Identifier: Apache-2.0

/// A reader of foreign bytes, and what must hold whatever it is given.
struct FuzzTarget: Sendable {
    /// As the corpus's folder is called.
    let name: String
    /// Words of the format, which a mutation puts in.
    let words: [String]
    /// Makes an input whole again where chance would be found out at once, as by a checksum.
    var repair: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Throws ``Broken`` when something does not hold. Errors of the reader itself are caught inside.
    let check: @Sendable ([UInt8]) throws -> Void
}

/// What does not hold for an input.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws ``Broken`` unless the condition holds.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Broken(what()) }
}

extension FuzzTarget {
    /// Those that need nothing but the bytes; servers and clients have suites of their own.
    static let all: [FuzzTarget] = [
        .protocolLines, .terraformLog, .terraformPlan, .stateFile, .tar, .manifest, .native, .json, .events, .patterns,
    ]
}
