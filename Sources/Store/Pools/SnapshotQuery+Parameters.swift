// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

extension SnapshotQuery {
    var parameters: Statement {
        guard let named else {
            return Self.parameters(
                """
                FROM templates t JOIN template_version_parameters p ON \(sql: .isActive("p.template_version_id"))
                """
            )
        }
        return Self.parameters(
            """
            FROM template_version_parameters p
            WHERE p.template_version_id = ANY(ARRAY(
                SELECT x.template_version_id FROM template_version_presets x WHERE x.id = ANY(\(named))
            ))
            """
        )
    }

    /// Parameters `p` that the clauses select, for ``readParameters(_:)``.
    ///
    /// Unexpected content in `options` or `validation`, such as of another release, must not fail the statement. It
    /// becomes NULL, or a text that is not a number, and then the row cannot be read.
    static func parameters(_ selection: SQL) -> Statement {
        Statement(
            "snapshot.parameters",
            reading: true,
            """
            SELECT p.template_version_id, p.name, p.type, p.required, p.default_value,
                CASE WHEN jsonb_typeof(p.options) = 'array' THEN ARRAY(
                    SELECT coalesce(o->>'value', o #>> '{}') FROM jsonb_array_elements(p.options) o
                ) END AS options,
                p.validation->>'regex' AS regex, p.validation->>'min' AS minimum, p.validation->>'max' AS maximum,
                coalesce(p.validation->>'error', '') AS error, p.sensitive
            \(sql: selection)
            ORDER BY p.template_version_id, p.display_order, p.name
            """
        )
    }

    static func readParameters(_ answer: QueryResult) -> VersionParameters {
        var parameters = VersionParameters()
        for row in answer {
            do {
                parameters.append(try VersionParameter(row), to: try row["template_version_id"])
            } catch {
                parameters.add(error, of: row)
            }
        }
        return parameters
    }
}

/// The parameters by version. An unreadable version does not affect the others.
struct VersionParameters {
    private var versions: [TemplateVersionID: Result<[VersionParameter], any Error>] = [:]

    /// Those of a version, in their order. Throws the reason if one of them cannot be read.
    func of(_ version: TemplateVersionID) throws -> [VersionParameter] {
        try versions[version]?.get() ?? []
    }

    fileprivate mutating func append(_ parameter: VersionParameter, to version: TemplateVersionID) {
        versions[version] = (versions[version] ?? .success([])).map { $0 + [parameter] }
    }

    fileprivate mutating func add(_ error: any Error, of row: Row) {
        // A row without a readable version belongs to none.
        guard let version = try? row["template_version_id"] as TemplateVersionID else { return }
        let name = (try? row["name"] as String) ?? ""
        versions[version] = .failure(
            StoreError(.inconsistent, "The parameter '\(name)' of its version cannot be read: \(error)")
        )
    }
}

extension VersionParameter {
    /// Of a row of ``SnapshotQuery/parameters(_:)``.
    fileprivate init(_ row: Row) throws {
        func number(_ text: String?, _ what: String) throws -> Double? {
            guard let text else { return nil }
            guard let number = Double(text) else {
                throw StoreError.internalInconsistency("the \(what) of a validation is no number")
            }
            return number
        }
        let validation = ParameterValidation(
            regex: try row["regex"],
            minimum: try number(row["minimum"], "minimum"),
            maximum: try number(row["maximum"], "maximum"),
            error: try row["error"]
        )
        let hasRules = validation.regex != nil || validation.minimum != nil || validation.maximum != nil
        self.init(
            name: try row["name"],
            type: try row["type"],
            isRequired: try row["required"],
            defaultValue: try row["default_value"],
            options: try row["options"],
            validation: hasRules ? validation : nil,
            isSensitive: try row["sensitive"]
        )
    }
}
