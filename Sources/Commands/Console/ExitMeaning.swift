// SPDX-License-Identifier: Apache-2.0

/// What a command's exit code tells.
enum ExitMeaning: Int32, Sendable {
    case success = 0
    /// It could not be done: the database is away, a build failed, a directory cannot be written.
    case failure = 1
    /// It was refused, and nothing was changed: something named does not exist, a name is taken, a template is wrong.
    case refused = 2
    /// The command line makes no sense (EX_USAGE of sysexits.h).
    case usage = 64
    /// The configuration makes no sense (EX_CONFIG of sysexits.h).
    case configuration = 78
}
