// SPDX-License-Identifier: Apache-2.0

/// Which release this is.
package enum BuildInfo {
    package static let version = "0.1.0"
}
