// SPDX-License-Identifier: Apache-2.0

import CBuildInfo

/// Which build this is.
package enum BuildInfo {
    /// The release that this source is, or will become.
    static let release = "0.1.0"

    /// What the build was told by the variable `STOKER_VERSION` (Scripts/version makes it of git's tags), else ``release``.
    package static let version: String = {
        let bytes = (0...).lazy.map { UInt8(bitPattern: stoker_version_byte($0)) }.prefix { $0 != 0 }
        let told = String(decoding: Array(bytes), as: UTF8.self)
        return told.isEmpty ? release : told
    }()
}
