// SPDX-License-Identifier: Apache-2.0

import CBuildInfo

/// The version of this build.
package enum BuildInfo {
    /// The release of this source, or the next one.
    static let release = "0.1.0"

    /// The value of `STOKER_VERSION` at build time (Scripts/version makes it from git's tags), else ``release``.
    package static let version: String = {
        let bytes = (0...).lazy.map { UInt8(bitPattern: stoker_version_byte($0)) }.prefix { $0 != 0 }
        let told = String(decoding: Array(bytes), as: UTF8.self)
        return told.isEmpty ? release : told
    }()
}
