// SPDX-License-Identifier: Apache-2.0

import Basics

/// The pages of the console.
enum ConsolePages {
    static let all: [any ConsolePage.Type] = [
        OverviewPage.self, PoolsPage.self, PoolPage.self, JobsPage.self, JobPage.self, WorkspacesPage.self,
        WorkspacePage.self, WorkersPage.self, WebhooksPage.self, WebhookPage.self, TemplatesPage.self,
        TemplatePage.self,
        PeoplePage.self, AuditPage.self,
    ]

    /// The page of a path, with the values of its placeholders; `nil`: there is none.
    static func find(_ path: String) -> (page: any ConsolePage.Type, names: [String: String])? {
        let parts = path.split(separator: "/")
        for page in all {
            let pattern = page.path.split(separator: "/")
            guard pattern.count == parts.count else { continue }
            var names: [String: String] = [:]
            let fits = zip(pattern, parts).allSatisfy { expected, part in
                guard expected.hasPrefix("{") else { return expected == part }
                names[String(expected.dropFirst().dropLast())] = String(part)
                return true
            }
            if fits { return (page, names) }
        }
        return nil
    }
}

extension ConsoleVisit {
    /// The value of a placeholder of the path. Throws a problem when it is not percent-encoded UTF-8.
    func name(_ placeholder: String) throws(Problem) -> String {
        guard let part = names[placeholder], let text = PercentEncoding.decode(part.replacing("+", with: "%2B")),
            !text.isEmpty, !text.utf8.contains(0)
        else { throw Problem.noSuchPath }
        return text
    }
}
