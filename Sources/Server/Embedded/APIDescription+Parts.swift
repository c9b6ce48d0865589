// SPDX-License-Identifier: Apache-2.0

// Made of the files of Sources/Server/Description by Scripts/embed-pages.
extension APIDescription {
    static let parts = [
        head, templates, pools, workspaces, fleet, webhooks, access, components, schemas, reports,
        deliveries, details,
    ]
}
