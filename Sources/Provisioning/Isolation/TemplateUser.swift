// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The user of a template's programs when the worker runs as root: `worker.template_user`.
package enum TemplateUser: Sendable, Hashable {
    /// A user for each workspace, with a uid that no account has. It is always the same, so that a later build can use
    /// the files of an earlier one.
    case own
    case account(user: UInt32, group: UInt32)

    /// The uids of `own`. By the conventions of Linux no account and no container has one of these: systemd's "Users,
    /// Groups, UIDs and GIDs" lists 1879048192 to 2147352575 as unused.
    private static let first: UInt32 = 1_879_048_192
    private static let count: UInt32 = 1 << 27

    /// The account of that name or number.
    package init?(account name: String) {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        if let number = UInt32(name) {
            guard getpwuid_r(number, &entry, &buffer, buffer.count, &result) == 0, result != nil else {
                self = .account(user: number, group: number)
                return
            }
        } else {
            guard getpwnam_r(name, &entry, &buffer, buffer.count, &result) == 0, result != nil else { return nil }
        }
        self = .account(user: entry.pw_uid, group: entry.pw_gid)
    }

    /// The user of one tenant; for trusted programs that prepare files for all, the one without a tenant.
    func identity(of tenant: String?) -> Identity {
        switch self {
        case .account(let user, let group): return Identity(user: user, group: group)
        case .own:
            // FNV-1a: the same in every process and on every machine.
            let hash = (tenant ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01b3
            }
            let number = tenant == nil ? Self.first : Self.first + 1 + UInt32(hash % UInt64(Self.count - 1))
            return Identity(user: number, group: number)
        }
    }

    /// A user and its one group.
    struct Identity: Hashable, Sendable {
        let user: UInt32
        let group: UInt32

        /// Whether this process can become that user, and remove its files.
        var isPossible: Bool { stoker_may_become(user, group) == 1 }
    }
}
