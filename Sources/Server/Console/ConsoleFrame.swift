// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operations
import Store

/// The frame around the content of every page: menu, name of the caller, help.
struct ConsoleFrame: Sendable {
    private let caller: Caller
    private let formToken: String
    private let area: ConsoleArea

    init(_ caller: Caller, _ formToken: String, _ area: ConsoleArea) {
        self.caller = caller
        self.formToken = formToken
        self.area = area
    }

    /// Its own files alone; nothing inline, nothing from elsewhere, and no other page can embed it (Content Security
    /// Policy Level 3).
    package static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
        base-uri 'none'; frame-ancestors 'none'
        """

    private static let headers: HTTPFields = [
        .xContentTypeOptions: "nosniff", .contentSecurityPolicy: policy, .referrerPolicy: "same-origin",
    ]

    private static func response(_ status: HTTPResponse.Status, _ markup: Markup) -> Response {
        Response(status, ByteBuffer(string: markup.html), type: "text/html; charset=utf-8", headers: headers)
    }

    /// - Parameter lines: The first lines of the page's log.
    func response(
        _ content: PageContent,
        of address: ConsoleAddress,
        lines: [StoredLogLine] = []
    ) -> Response {
        let log = "data-log data-keep tabindex=\"0\" aria-label=\"Log\">"
        let main =
            lines.isEmpty
            ? content.main.html : content.main.html.replacing(log, with: log + lines.map(\.drawn.html).joined())
        let open = ConsoleArea.allCases.filter { $0.isOpen(to: caller) }
        let entries = open.map { entry -> TemplateValues in
            ["title": entry.title, "path": entry.path, "key": entry.key, "current": entry == area]
        }
        let values: TemplateValues = [
            "title": content.title, "main": main, "caller": caller.name, "role": caller.role.rawValue,
            "csrf": formToken, "menu": entries, "page": address.text,
            "seen": PageMark(fingerprint: Self.fingerprint(content.main), line: lines.last?.id ?? 0).text,
        ]
        return Self.response(.ok, ConsoleTemplates.render("frame", values))
    }

    /// Equal for contents that differ only in how long ago things are.
    static func fingerprint(_ main: Markup) -> String {
        var hash = SHA256()
        var rest = Array(main.html.utf8)[...]
        let (begin, end) = (Array("<time".utf8), Array("</time>".utf8))
        while let start = rest.firstRange(of: begin) {
            hash.update(data: Data(rest[..<start.lowerBound]))
            rest = rest[start.lowerBound...]
            let close = rest.firstIndex(of: UInt8(ascii: ">")) ?? rest.endIndex
            hash.update(data: Data(rest[..<close]))
            rest = rest[(rest.firstRange(of: end)?.upperBound ?? rest.endIndex)...]
        }
        hash.update(data: Data(rest))
        return Base64URL.encode(hash.finalize().prefix(12))
    }
}

/// What a browser has seen of a page: the id of the stream's events.
struct PageMark: Sendable {
    var fingerprint = ""
    /// The last line of the log.
    var line: Int64 = 0

    init(fingerprint: String, line: Int64) {
        (self.fingerprint, self.line) = (fingerprint, line)
    }

    init(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        fingerprint = parts.first.map(String.init) ?? ""
        line = parts.count > 1 ? max(Int64(parts[1]) ?? 0, 0) : 0
    }

    var text: String { "\(fingerprint).\(line)" }
}

// MARK: - Pages without a menu

extension ConsoleFrame {
    static func signIn(to path: String, problem: Problem? = nil) -> Response {
        var values: TemplateValues = ["to": path]
        if let problem { values["problem"] = problem.detail ?? problem.title }
        return response(problem?.status ?? .ok, ConsoleTemplates.render("sign-in", values))
    }

    /// The same address again, asked for by this site.
    static func again(_ address: ConsoleAddress) -> Response {
        response(.ok, ConsoleTemplates.render("again", ["address": address.text]))
    }

    static func response(_ problem: Problem) -> Response {
        var values: TemplateValues = ["title": problem.title, "status": problem.status.code, "back": "/"]
        values["detail"] = problem.detail
        if case .string(let text)? = problem.members["remedy"] { values["remedy"] = text }
        return response(problem.status, ConsoleTemplates.render("problem", values))
    }

    /// What is shown once and never again.
    static func answer(_ members: [String: String], back: String) -> Response {
        let shown = members.sorted { $0.key < $1.key }.map { member -> TemplateValues in
            ["name": member.key.replacing("_", with: " "), "value": member.value]
        }
        let values: TemplateValues = ["title": "Done", "members": shown, "back": back, "isAnswer": true]
        return response(.ok, ConsoleTemplates.render("problem", values))
    }
}
