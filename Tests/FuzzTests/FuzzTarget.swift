// SPDX-License-Identifier: Apache-2.0

/// A reader of foreign bytes, and the properties that hold for every input.
struct FuzzTarget: Sendable {
    /// The name of the corpus's folder.
    let name: String
    /// Words of the format, which mutations insert.
    let words: [String]
    /// Repairs an input that would be refused too early otherwise, such as by a checksum.
    var repair: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Throws ``Broken`` when something does not hold. Errors of the reader itself are caught inside.
    let check: @Sendable ([UInt8]) throws -> Void
}

/// The property that does not hold for an input.
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
    /// The targets that need only bytes; servers and clients have separate suites.
    static let all: [FuzzTarget] = [
        .protocolLines, .terraformLog, .terraformPlan, .stateFile, .tar, .manifest, .native, .json, .events, .patterns,
    ]
}
