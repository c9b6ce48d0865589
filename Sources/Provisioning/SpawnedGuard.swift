// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// A started guard, with the worker's ends of its pipes and socket. The caller owns the descriptors.
///
/// `posix_spawn` is used directly: the guard needs descriptors beyond the standard ones, and must inherit no other.
struct SpawnedGuard {
    let pid: pid_t
    let socket: Int32
    let output: Int32
    let errors: Int32

    init(
        _ charge: GuardCharge,
        _ guardExecutable: FilePath,
        _ command: ChildCommand,
        lock: Int32,
        rules: Int32 = -1,
        presence: Int32 = -1
    ) throws(FileFailure) {
        var ours: [Int32] = []
        var theirs: [Int32] = []
        defer { theirs.forEach { close($0) } }
        do throws(FileFailure) {
            let input = command.input.isEmpty ? -1 : try Self.memoryFile(command.input)
            if input >= 0 { theirs.append(input) }
            let output = try Self.pipe(&ours, &theirs)
            let errors = try Self.pipe(&ours, &theirs)
            var sockets: [Int32] = [-1, -1]
            guard stoker_message_sockets(&sockets) == 0 else { throw FileFailure("make", "sockets", errno: errno) }
            ours.append(sockets[0])
            theirs.append(sockets[1])
            // The guard reads the outputs when the worker is gone.
            let descriptors = [
                input, output, errors, sockets[1], lock, ours[0], ours[1], rules, presence,
            ]
            pid = try Self.spawn(charge, guardExecutable, command, descriptors)
        } catch {
            ours.forEach { close($0) }
            throw error
        }
        (output, errors, socket) = (ours[0], ours[1], ours[2])
    }

    /// Returns the end to write to. The end to read from is non-blocking.
    private static func pipe(_ ours: inout [Int32], _ theirs: inout [Int32]) throws(FileFailure) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard stoker_pipe(&ends) == 0 else { throw FileFailure("make", "a pipe", errno: errno) }
        ours.append(ends[0])
        theirs.append(ends[1])
        guard stoker_set_nonblocking(ends[0]) == 0 else { throw FileFailure("set up", "a pipe", errno: errno) }
        return ends[1]
    }

    /// The input as an open file, so that no thread has to write it.
    private static func memoryFile(_ bytes: [UInt8]) throws(FileFailure) -> Int32 {
        let descriptor = stoker_memory_file("input")
        guard descriptor >= 0 else { throw FileFailure("make", "a file in memory", errno: errno) }
        do throws(FileFailure) {
            try PrivateFiles.write(bytes, to: descriptor, FilePath("input"))
        } catch {
            close(descriptor)
            throw error
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func spawn(
        _ charge: GuardCharge,
        _ guardExecutable: FilePath,
        _ command: ChildCommand,
        _ descriptors: [Int32]
    ) throws(FileFailure) -> pid_t {
        let arguments = charge.commandLine(guardExecutable: guardExecutable.string)
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        let pid = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                stoker_spawn_session(
                    guardExecutable.string,
                    arguments,
                    environment,
                    command.directory.string,
                    descriptors,
                    Int32(descriptors.count)
                )
            }
        }
        guard pid > 0 else { throw FileFailure("execute", guardExecutable.string, errno: -pid) }
        return pid
    }

    /// The strings as C's `argv` and `envp`, valid while `body` runs.
    static func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }
}
