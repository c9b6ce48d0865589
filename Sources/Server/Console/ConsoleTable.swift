// SPDX-License-Identifier: Apache-2.0

/// A table of things, which becomes a list of cards where there is no room for columns.
struct ConsoleTable: Sendable {
    struct Column: Sendable {
        let title: String
        /// `name`, `state`, `why`, `number` or nothing: how it is set, and where it goes on a card.
        var kind = ""
        /// What sorts by it; empty: nothing does.
        var sort = ""
    }

    struct Row: Sendable {
        let id: String
        let cells: [Markup]
        /// The value of the box that chooses it; `nil`: there is no box.
        var choice: String?
    }

    let columns: [Column]
    var rows: [Row] = []
    /// What to do when there is nothing.
    var empty: Markup = .none
    /// The field of the boxes, for forms that do something with what is chosen.
    var chooses = ""
    /// What it is of, for those who do not see it; empty: as the column of names says.
    var label = ""

    /// - Parameter address: Where the headings that sort lead.
    func drawn(at address: ConsoleAddress? = nil) -> Markup {
        guard !rows.isEmpty else { return empty.isEmpty ? .none : "<p class=\"empty\">\(empty)</p>" }
        let heads = columns.map { column -> Markup in
            guard !column.sort.isEmpty, let address else {
                let title: Markup =
                    column.kind == "does" ? "<span class=\"unseen\">Actions</span>" : Markup(column.title)
                return "<th scope=\"col\" class=\"\(column.kind)\">\(title)</th>"
            }
            let current = address["sort"] ?? ""
            let isDown = current == column.sort
            let isUp = current == "-\(column.sort)"
            let order: Markup = isDown ? " aria-sort=\"descending\"" : isUp ? " aria-sort=\"ascending\"" : ""
            let target = address.with("sort", isDown ? "-\(column.sort)" : isUp ? nil : column.sort).text
            return """
                <th scope="col" class="\(column.kind)"\(order)><a href="\(target)">\(column.title)</a></th>
                """
        }
        let boxHead: Markup =
            chooses.isEmpty
            ? "" : "<th scope=\"col\" class=\"box\"><input type=\"checkbox\" data-all aria-label=\"Choose all\"></th>"
        let named = label.isEmpty ? columns.first { $0.kind == "name" }?.title ?? "" : label
        let lines = rows.map { row -> Markup in
            let box: Markup =
                chooses.isEmpty
                ? ""
                : row.choice.map {
                    """
                    <td class="box"><input type="checkbox" form="chosen" name="\(chooses)" value="\($0)" \
                    aria-label="Choose"></td>
                    """
                } ?? "<td class=\"box\"></td>"
            let cells = zip(columns, row.cells).map { column, cell -> Markup in
                "<td class=\"\(column.kind)\" data-label=\"\(column.title)\">\(cell)</td>"
            }
            return "<tr id=\"\(row.id)\">\(box)\(cells)</tr>"
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Table: \(named)"><table class="list"><thead><tr>\(boxHead)\
            \(heads)</tr></thead><tbody>\(lines)</tbody></table></div>
            """
    }
}
