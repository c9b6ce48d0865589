// SPDX-License-Identifier: Apache-2.0

/// Which files of a directory belong to the template, by Terraform's rules for `.terraformignore` and Stoker's own.
///
/// Of all lines that match a path or one of its parent directories, the last decides. Unlike in `.gitignore`, a line
/// with `!` also takes in what lies in a directory that is left out: this is how Terraform keeps `.terraform/modules`.
struct TemplateFilter: Sendable {
    enum Verdict: Hashable, Sendable {
        case kept
        /// Left out, by a line of the file or by default.
        case leftOut
        /// Refused: a state, a plan or a credential, which no line can take in.
        case refused
    }

    static let fileName = ".terraformignore"
    private static let maximumBytes = 64 << 10
    private static let maximumRules = 1_000

    /// The default rules, which lines of the file can override. The first are Terraform's; the others are files that
    /// version control, operating systems and people keep beside a module.
    private static let usual = [
        ".terraform/", "!.terraform/modules/", ".git/", ".hg/", ".svn/", ".bzr/", ".git", ".DS_Store", "crash.log",
        "crash.*.log", ".env", ".env.local", ".netrc",
    ].compactMap { IgnorePattern($0) }

    private let rules: [IgnorePattern]
    private let lastNegated: Int?
    /// The rule's index that decides about a directory's content, by the directory's path as bytes.
    private var deciding: [[UInt8]: Int] = [:]

    /// - Parameter file: The content of the template's `.terraformignore`; `nil` when there is none.
    init(file: [UInt8]?) throws(TemplateErrors) {
        var rules = Self.usual
        if let file {
            guard file.count <= Self.maximumBytes, let text = String(validating: file, as: UTF8.self) else {
                throw Self.problem("it is not UTF-8 text of at most \(Self.maximumBytes >> 10) KiB")
            }
            let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { Substring($0) }
            rules += lines.enumerated().compactMap { IgnorePattern($0 == 0 ? $1.withoutByteOrderMark : $1) }
            guard rules.count <= Self.maximumRules else {
                throw Self.problem("it has more than \(Self.maximumRules - Self.usual.count) rules")
            }
        }
        self.rules = rules
        lastNegated = rules.lastIndex(where: \.isNegated)
    }

    private static func problem(_ message: String) -> TemplateErrors {
        TemplateErrors([TemplateError(file: fileName, message)])
    }

    /// - Parameter path: Relative to the template's directory.
    mutating func verdict(on path: String, isDirectory: Bool) -> Verdict {
        // Without these files it is no template, or the next push is a different one.
        if path.isSameName(as: TemplateManifest.fileName) || path.isSameName(as: Self.fileName) { return .kept }
        if let index = decidingRule(path, isDirectory), !rules[index].isNegated { return .leftOut }
        return path.utf8.split(separator: UInt8(ascii: "/")).contains { Self.isRefused(Substring($0)) }
            ? .refused : .kept
    }

    /// Whether nothing in a directory can be kept, so that it need not be read.
    mutating func mayPassOver(_ directory: String) -> Bool {
        switch verdict(on: directory, isDirectory: true) {
        case .kept: false
        case .refused: true
        case .leftOut: (decidingRule(directory, true) ?? 0) > lastNegated ?? -1
        }
    }

    private mutating func decidingRule(_ path: String, _ isDirectory: Bool) -> Int? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        let names = parts.map { Array(Substring($0).unicodeScalars) }
        var key: [UInt8] = []
        var index: Int?
        for end in names.indices {
            let isLast = end == names.count - 1
            if end > 0 { key.append(UInt8(ascii: "/")) }
            key.append(contentsOf: parts[end])
            if !isLast, let known = deciding[key] {
                index = known < 0 ? nil : known
                continue
            }
            let inherited = index ?? -1
            let own = rules.indices.dropFirst(inherited + 1).last {
                rules[$0].matches(names[...end], isDirectory: !isLast || isDirectory)
            }
            index = own ?? index
            if !isLast { deciding[key] = index ?? -1 }
        }
        return index
    }

    /// States under every name that Terraform or people give them, plans, which contain states, and Terraform's
    /// credentials.
    static func isRefused(_ name: some StringProtocol) -> Bool {
        let name = name.lowercased()
        if ["tfplan", ".terraformrc", "terraform.rc", "credentials.tfrc.json", "terraform.tfstate.d"].contains(name)
            || name.hasSuffix(".tfplan") || name.hasSuffix(".tfstate.lock.info")
        {
            return true
        }
        guard let mark = name.firstRange(of: ".tfstate") else { return false }
        let rest = name[mark.upperBound...]
        return rest.isEmpty || rest == "~"
            || [".backup", ".bak", ".old", ".orig", ".save", ".tmp"].contains { rest.hasSuffix($0) }
    }
}

extension StringProtocol {
    /// As file systems compare names: the composed and the decomposed `é` differ there, and are equal in Swift.
    package func isSameName(as other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// A byte order mark, which some editors put before the text.
    package var withoutByteOrderMark: SubSequence {
        utf8.starts(with: [0xef, 0xbb, 0xbf]) ? self[utf8.index(startIndex, offsetBy: 3)...] : self[...]
    }
}
