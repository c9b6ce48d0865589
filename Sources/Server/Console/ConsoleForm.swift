// SPDX-License-Identifier: Apache-2.0

import Operations

/// A form that asks for an operation. It has a button, and fields that people fill in or that are fixed.
struct ConsoleForm: Sendable {
    /// A field that people fill in.
    struct Input: Sendable {
        enum Kind: Sendable {
            case text, number, long
            /// Choices of a value and its label.
            case choice([(value: String, label: String)])
            case check
        }

        let name: String
        let label: String
        var kind = Kind.text
        var value = ""
        var isRequired = false
        var hint = ""
    }

    let operation: String
    let title: String
    /// The values that are given.
    var fixed: [(name: String, value: String)] = []
    var inputs: [Input] = []
    /// What is asked before it is done; empty: it is done at once.
    var question = ""
    /// What is said when it is done.
    var done = ""
    /// Where to go then; empty: the page stays.
    var next = ""
    var isDangerous = false
    /// Whether the answer is shown, because it holds something that is never shown again.
    var showsAnswer = false
}

extension ConsoleVisit {
    /// The form as a button, or, with a question or inputs, as a button that opens it; nothing if the caller may not ask
    /// for the operation.
    func form<Asked: Operation>(
        _ type: Asked.Type,
        _ title: String,
        _ fixed: [(name: String, value: String)] = [],
        inputs: [ConsoleForm.Input] = [],
        question: String = "",
        done: String = "",
        next: String = "",
        isDangerous: Bool = false,
        showsAnswer: Bool = false
    ) -> Markup {
        guard may(type) else { return .none }
        return draw(
            ConsoleForm(
                operation: AnyOperation(type).name,
                title: title,
                fixed: fixed,
                inputs: inputs,
                question: question,
                done: done,
                next: next,
                isDangerous: isDangerous,
                showsAnswer: showsAnswer
            )
        )
    }

    private func draw(_ form: ConsoleForm) -> Markup {
        let look: Markup = form.isDangerous ? "button danger" : "button"
        let button: Markup = "<button class=\"\(look)\">\(form.title)</button>"
        let hidden = form.fixed.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" as Markup }
        let how: Markup = form.showsAnswer ? "" : " data-action data-done=\"\(form.done)\""
        let next: Markup = form.next.isEmpty ? "" : "<input type=\"hidden\" name=\"then\" value=\"\(form.next)\">"
        let isOpen = form.inputs.isEmpty && form.question.isEmpty
        let question: Markup = form.question.isEmpty ? "" : "<p>\(form.question)</p>"
        let inside: Markup = """
            <form method="post" action="/do/\(form.operation)"\(how)>\
            <input type="hidden" name="csrf" value="\(formToken)">\
            <input type="hidden" name="back" value="\(address.text)">\(next)\(hidden)\
            \(isOpen ? "" : question)\(form.inputs.map(draw))\(button)</form>
            """
        guard !isOpen else { return inside }
        return """
            <details class="menu" name="menu"><summary class="\(look)">\(form.title)…</summary>\
            <div class="sheet">\(inside)</div></details>
            """
    }

    private func draw(_ input: ConsoleForm.Input) -> Markup {
        let required: Markup = input.isRequired ? " required" : ""
        let hint: Markup = input.hint.isEmpty ? "" : "<span class=\"hint\">\(input.hint)</span>"
        let control: Markup =
            switch input.kind {
            case .text: "<input name=\"\(input.name)\" value=\"\(input.value)\" autocomplete=\"off\"\(required)>"
            case .number:
                "<input type=\"number\" min=\"0\" name=\"\(input.name)\" value=\"\(input.value)\"\(required)>"
            case .long: "<textarea name=\"\(input.name)\" rows=\"3\"\(required)>\(input.value)</textarea>"
            case .check: "<input type=\"checkbox\" name=\"\(input.name)\" value=\"true\">"
            case .choice(let choices):
                """
                <select name="\(input.name)">\(choices.map { choice in
                    let selected: Markup = choice.value == input.value ? " selected" : ""
                    return "<option value=\"\(choice.value)\"\(selected)>\(choice.label)</option>"
                })</select>
                """
            }
        if case .check = input.kind { return "<label class=\"check\">\(control)\(input.label)\(hint)</label>" }
        return "<label><span>\(input.label)</span>\(control)\(hint)</label>"
    }

    /// A form for what is chosen in the table; its fields are the table's boxes.
    func chosen<Asked: Operation>(
        _ type: Asked.Type,
        _ title: String,
        question: String = "",
        done: String = "",
        isDangerous: Bool = false
    ) -> Markup {
        guard may(type) else { return .none }
        let look: Markup = isDangerous ? "button danger" : "button"
        let ask: Markup = question.isEmpty ? "" : " data-ask=\"\(question)\""
        return """
            <button class="\(look)" form="chosen" formaction="/do/\(AnyOperation(type).name)" \
            data-done="\(done)"\(ask)>\(title)</button>
            """
    }

    /// The form of ``chosen(_:_:question:done:isDangerous:)``.
    var chosenForm: Markup {
        """
        <form id="chosen" method="post" data-action><input type="hidden" name="csrf" value="\(formToken)">\
        <input type="hidden" name="back" value="\(address.text)"></form>
        """
    }

    /// How long something holds, for fields that take a moment.
    static func until(_ name: String) -> ConsoleForm.Input {
        ConsoleForm.Input(
            name: "\(name).in",
            label: "For how long",
            kind: .choice([
                ("", "until it is ended by hand"), ("900", "15 minutes"), ("3600", "1 hour"), ("14400", "4 hours"),
                ("86400", "1 day"),
            ])
        )
    }
}
