// SPDX-License-Identifier: Apache-2.0

/// The exit codes of commands.
enum ExitMeaning: Int32, Sendable {
    case success = 0
    /// It failed: the database is down, a build failed, a directory cannot be written.
    case failure = 1
    /// It was refused, and nothing was changed: something does not exist, a name is taken, a template is invalid.
    case refused = 2
    /// The command line is invalid (EX_USAGE of sysexits.h).
    case usage = 64
    /// The configuration is invalid (EX_CONFIG of sysexits.h).
    case configuration = 78
}
