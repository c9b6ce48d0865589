// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// Finds programs as a shell does.
enum ExecutableSearch {
    /// The first executable file of this name in the directories of `path`. A name with a slash is taken as it is.
    /// Relative directories are ignored, because they depend on the working directory.
    static func find(_ name: String, path: String?) -> FilePath? {
        if name.contains("/") { return access(name, X_OK) == 0 ? FilePath(name) : nil }
        for directory in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") where directory.hasPrefix("/") {
            let candidate = FilePath(String(directory)).appending(name)
            if access(candidate.string, X_OK) == 0 { return candidate }
        }
        return nil
    }
}
