// SPDX-License-Identifier: Apache-2.0

/// The description of the API, written by hand in `Sources/Server/Description` and made part of the program by
/// `Scripts/embed-pages`.
package enum APIDescription {
    /// An OpenAPI 3.1 document in YAML.
    package static let yaml = parts.joined()
}
