// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Which Terraform runs, and where its providers come from.
package struct TerraformConfiguration: Sendable, Hashable {
    /// Terraform or OpenTofu; `nil`: `terraform`, else `tofu`, from the worker's PATH.
    package var binary: FilePath?
    /// A directory in the layout of `terraform providers mirror`. Providers in it are taken only from there, others
    /// from their registry.
    package var pluginDirectory: FilePath?

    package init(binary: FilePath? = nil, pluginDirectory: FilePath? = nil) {
        self.binary = binary
        self.pluginDirectory = pluginDirectory
    }
}

/// Terraform's CLI configuration file. One is always given, so that no `~/.terraformrc` is used.
struct TerraformCLIConfiguration {
    /// The mirror and its providers, as `host/namespace/type`; `nil`: providers come from their registries.
    private var mirror: (path: String, providers: [String])?

    /// Reads the mirror. Blocks.
    init(pluginDirectory: FilePath?) throws(FileFailure) {
        guard let pluginDirectory else { return }
        var providers: [String] = []
        for host in try PrivateFiles.names(in: pluginDirectory) where host.contains(".") {
            for namespace in try PrivateFiles.names(in: pluginDirectory.appending(host)) {
                for type in try PrivateFiles.names(in: pluginDirectory.appending(host).appending(namespace)) {
                    providers.append("\(host)/\(namespace)/\(type)")
                }
            }
        }
        mirror = (pluginDirectory.string, providers)
    }

    /// The two sources exclude each other's providers: otherwise Terraform would also ask the registry for what the
    /// mirror has.
    var text: String {
        guard let mirror else { return "" }
        let providers = mirror.providers.map(HCLText.quoted).joined(separator: ", ")
        return """
            provider_installation {
              filesystem_mirror {
                path    = \(HCLText.quoted(mirror.path))
                include = [\(providers)]
              }
              direct {
                exclude = [\(providers)]
              }
            }

            """
    }
}
