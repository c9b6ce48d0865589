// SPDX-License-Identifier: Apache-2.0

/// The description of the API, written by hand in the files of `Sources/Server/Description`.
package enum APIDescription {
    /// An OpenAPI 3.1 document in YAML. The order of its parts decides: paths lie between the head and the components.
    package static let yaml = [
        PackageResources.head_yaml, PackageResources.templates_yaml, PackageResources.pools_yaml,
        PackageResources.workspaces_yaml, PackageResources.fleet_yaml, PackageResources.webhooks_yaml,
        PackageResources.agents_yaml, PackageResources.access_yaml,
        PackageResources.components_yaml, PackageResources.schemas_yaml, PackageResources.reports_yaml,
        PackageResources.deliveries_yaml, PackageResources.details_yaml,
    ].map { String(decoding: $0, as: UTF8.self) }.joined()
}
