// SPDX-License-Identifier: Apache-2.0

/// A page with a list: filters that are in the address, a table, and the way to the rest.
struct ConsoleList: Sendable {
    /// A filter with choices.
    struct Choice: Sendable {
        let name: String
        let label: String
        /// Values with their labels; the first stands for all.
        let options: [(value: String, label: String)]

        /// How long ago at most; see ``ConsoleAddress/since(_:)``.
        static let times = Choice(
            name: "within",
            label: "Time",
            options: [("", "any")] + ConsoleAddress.times.map { ($0.name, "the last \($0.name)") }
        )
    }

    let title: String
    var summary = ""
    /// What can be done with the whole.
    var actions = Markup.none
    /// What can be done with the chosen ones.
    var bulk: [Markup] = []
    /// What the search finds; empty: there is none.
    var searchHint = ""
    var texts: [(name: String, label: String)] = []
    var choices: [Choice] = []
    var table: Markup
    var above = Markup.none
    var below = Markup.none
    /// Which part is shown, such as `1–100 of 1000`; empty: all of it.
    var range = ""
    var previous: (label: String, address: String)?
    var next: (label: String, address: String)?

    func drawn(at address: ConsoleAddress) -> PageContent {
        var values: TemplateValues = [
            "title": title, "table": table.html, "above": above.html, "below": below.html, "path": address.path,
            "hasFilters": !searchHint.isEmpty || !choices.isEmpty || !texts.isEmpty,
            "isFiltered": filters.contains { address[$0] != nil },
            "hasPages": previous != nil || next != nil || !range.isEmpty, "range": range,
            "texts": texts.map { drawn($0, address[$0.name] ?? "") },
            "choices": choices.map { drawn($0, address[$0.name] ?? "") },
            // Sorting stays when the filter changes.
            "kept": kept(address),
        ]
        if !summary.isEmpty { values["summary"] = summary }
        if !actions.isEmpty { values["actions"] = actions.html }
        let bulk = bulk.filter { !$0.isEmpty }
        if !bulk.isEmpty { values["bulk"] = bulk.map(\.html).joined() }
        if !searchHint.isEmpty {
            values["search"] = ["value": address["q"] ?? "", "hint": searchHint] as TemplateValues
        }
        if let previous { (values["previous"], values["back"]) = (previous.address, previous.label) }
        if let next { (values["next"], values["forth"]) = (next.address, next.label) }
        return PageContent(title: title, main: ConsoleTemplates.render("list", values))
    }

    private func drawn(_ text: (name: String, label: String), _ value: String) -> TemplateValues {
        ["name": text.name, "label": text.label, "value": value]
    }

    private func kept(_ address: ConsoleAddress) -> [TemplateValues] {
        guard let order = address["sort"] else { return [] }
        return [["name": "sort", "value": order]]
    }

    private var filters: [String] { ["q"] + texts.map(\.name) + choices.map(\.name) }

    private func drawn(_ choice: Choice, _ chosen: String) -> TemplateValues {
        [
            "name": choice.name, "label": choice.label,
            "options": choice.options.map {
                ["value": $0.value, "label": $0.label, "isChosen": $0.value == chosen] as TemplateValues
            },
        ]
    }
}

extension ConsoleList {
    /// Shows a part of what is known whole, by the number of the page in the address.
    mutating func cut<Element>(_ all: [Element], at address: ConsoleAddress, by size: Int = 100) -> ArraySlice<Element>
    {
        let pages = max((all.count + size - 1) / size, 1)
        let page = min(max(address["page"].flatMap { Int($0) } ?? 1, 1), pages)
        let shown = all[((page - 1) * size)..<min(page * size, all.count)]
        guard pages > 1 else { return shown }
        func part(_ page: Int) -> String {
            ConsoleAddress(address.path, address.query.filter { $0.name != "page" } + [("page", "\(page)")]).text
        }
        range = "\(shown.startIndex + 1)–\(shown.endIndex) of \(all.count)"
        if page > 1 { previous = ("Before", part(page - 1)) }
        if page < pages { next = ("Next", part(page + 1)) }
        return shown
    }

    /// A list in pages by cursor: the newest first, then on.
    mutating func follow(_ cursor: String?, at address: ConsoleAddress) {
        if address["cursor"] != nil { previous = ("Newest", address.with("cursor", nil).text) }
        if let cursor { next = ("Older", address.with("cursor", cursor).text) }
    }
}
