// SPDX-License-Identifier: Apache-2.0

package import Basics

/// A named value that a build gives to the owner of the workspace: an output of Terraform, or of a process.
package struct BuildOutput: Sendable, Hashable {
    package var name: String
    /// Any JSON value, as compact text.
    package var json: String
    /// Whether only the owner may see the value, on request.
    package var isSensitive: Bool

    package init(name: String, value: JSON, isSensitive: Bool) {
        self.name = name.storable
        json = String(decoding: RawJSON.replacingNULs(in: Array(value.json.utf8)), as: UTF8.self)
        self.isSensitive = isSensitive
    }
}

/// Outputs with a meaning, by convention.
package enum KnownOutput: String, Sendable, CaseIterable {
    /// The address at which a browser opens the workspace.
    case url = "stoker_url"
    /// The command line that connects to the workspace.
    case ssh = "stoker_ssh"

    /// Bytes.
    private static let longest = 2_048

    /// The text, if it can be offered to people: an `http` or `https` URL, or one line.
    package func text(of value: JSON?) -> String? {
        guard let text = value?.string, !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
        return isUsable(text) ? text : nil
    }

    /// What ``text(of:)`` accepts, as the end of a sentence.
    package var expectation: String {
        switch self {
        case .url: "an http or https URL of at most \(Self.longest) bytes"
        case .ssh: "one line of at most \(Self.longest) bytes"
        }
    }

    private func isUsable(_ text: String) -> Bool {
        switch self {
        case .url: Self.isWebURL(text)
        case .ssh: text.unicodeScalars.allSatisfy { !Self.isControl($0) }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    /// Scheme, `://` and a host, and only characters that a URL may have (RFC 3986): pages and terminals show it as a
    /// link.
    private static func isWebURL(_ text: String) -> Bool {
        let (bytes, lower) = (Array(text.utf8), Array(text.lowercased().utf8))
        let scheme = ["http://", "https://"].first { lower.starts(with: $0.utf8) }
        guard let scheme, let first = bytes.dropFirst(scheme.utf8.count).first else { return false }
        let refused = Set("\"<>\\^`{|}".utf8)
        return !Set("/?#:@".utf8).contains(first)
            && bytes.allSatisfy { (0x21...0x7e).contains($0) && !refused.contains($0) }
    }
}
