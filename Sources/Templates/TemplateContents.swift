// SPDX-License-Identifier: Apache-2.0

/// What of a template's directory belongs to the template.
package enum TemplateContents {
    /// Whether a push leaves the path out: what Terraform and version control keep for this machine alone. States above
    /// all, which may hold secrets. The lock file of providers is part of the template.
    ///
    /// - Parameter path: Relative to the template's directory. A directory that is left out need not be entered.
    package static func leavesOut(_ path: String) -> Bool {
        path.split(separator: "/").contains { name in
            [".git", ".hg", ".svn", ".terraform", ".DS_Store", "crash.log"].contains(name)
                || name == ".terraform.tfstate.lock.info" || name.hasSuffix(".tfstate")
                || name.hasSuffix(".tfstate.backup")
        }
    }
}
