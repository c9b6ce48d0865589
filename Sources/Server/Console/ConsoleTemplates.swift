// SPDX-License-Identifier: Apache-2.0

import Mustache

/// The values of a template, by name.
typealias TemplateValues = [String: any Sendable]

/// The templates of `Console/Templates`, embedded in the binary.
enum ConsoleTemplates {
    private static let library: MustacheLibrary = {
        let sources: [(name: String, bytes: [UInt8])] = [
            ("frame", PackageResources.frame_mustache), ("sign-in", PackageResources.sign_in_mustache),
            ("problem", PackageResources.problem_mustache), ("again", PackageResources.again_mustache),
            ("overview", PackageResources.overview_mustache), ("list", PackageResources.list_mustache),
        ]
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            do {
                try library.register(String(decoding: bytes, as: UTF8.self), named: name)
            } catch {
                fatalError("the template \(name) cannot be read: \(error)")
            }
        }
        return library
    }()

    /// The template with the values. Values are escaped, except in triple braces, where they are ``Markup``.
    static func render(_ name: String, _ values: TemplateValues) -> Markup {
        Markup(html: library.render(values, withTemplate: name) ?? "")
    }
}
