// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The confinement of a child, except the rules, which come as a descriptor. It is part of the guard's command line.
struct Confinement: Equatable {
    /// Whether the child may gain no privileges, by setuid programs and the like.
    var gainsNothing = false
    /// Whether there are rules.
    var hasRules = false
    /// `nil`: the guard's own.
    var identity: TemplateUser.Identity?
    /// The umask; `nil`: the guard's own.
    var mask: UInt32?
    var limits = ChildLimits()

    private static let none: Int64 = -1

    /// Numbers separated by colons, in the order of ``init(text:)``.
    var text: String {
        let values = forC(rules: 0)
        let numbers: [Int64] = [
            Int64(values.no_new_privileges), hasRules ? 1 : 0, values.user, values.group, values.mask, values.processes,
            values.open_files, values.file_size,
        ]
        return numbers.map { String($0) }.joined(separator: ":")
    }

    init() {}

    init?(text: String) {
        let numbers = text.split(separator: ":").compactMap { Int64($0) }
        guard numbers.count == 8 else { return nil }
        gainsNothing = numbers[0] == 1
        hasRules = numbers[1] == 1
        if let user = UInt32(exactly: numbers[2]), let group = UInt32(exactly: numbers[3]) {
            identity = TemplateUser.Identity(user: user, group: group)
        }
        mask = UInt32(exactly: numbers[4])
        func limit(_ number: Int64) -> Int? { number == Self.none ? nil : Int(number) }
        limits = ChildLimits(
            processes: limit(numbers[5]),
            openFiles: limit(numbers[6]),
            fileSize: limit(numbers[7])
        )
    }

    /// The confinement as C applies it to a process.
    ///
    /// - Parameter rules: The descriptor of the rules, if there are any.
    func forC(rules: Int32) -> stoker_confinement {
        func limit(_ value: Int?) -> Int64 { value.map { Int64($0) } ?? Self.none }
        return stoker_confinement(
            ruleset: hasRules ? rules : -1,
            no_new_privileges: gainsNothing ? 1 : 0,
            user: identity.map { Int64($0.user) } ?? Self.none,
            group: identity.map { Int64($0.group) } ?? Self.none,
            mask: mask.map { Int64($0) } ?? Self.none,
            processes: limit(limits.processes),
            open_files: limit(limits.openFiles),
            file_size: limit(limits.fileSize)
        )
    }
}
