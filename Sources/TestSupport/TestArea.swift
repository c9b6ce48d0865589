// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
package import SystemPackage

/// Where this test process keeps its files; and the guarantee that nothing of it stays, however the process ends.
///
/// A small watchdog process waits for the end of a pipe that only this process holds. When that comes, it ends the
/// processes it was told of and every process that works in the area, and removes the area. Areas of test processes
/// whose watchdog was killed as well are cleaned up by the next one.
package actor TestArea {
    package static let shared = TestArea()

    /// Children to end when this process ends.
    private enum Command {
        case watch(Int32)
        case forget(Int32)

        var line: String {
            switch self {
            case .watch(let group): "watch \(group)\n"
            case .forget(let group): "forget \(group)\n"
            }
        }
    }

    private var root: FilePath?
    private var count = 0
    private let commands = AsyncStream.makeStream(of: Command.self)

    /// A new, empty directory, which other users may pass through but not list.
    package func makeDirectory(_ name: String = "area") throws -> FilePath {
        let root = try open()
        count += 1
        let directory = root.appending("\(name)-\(count)")
        guard mkdir(directory.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
        return directory
    }

    /// Ends the process group when this process ends, unless it is forgotten before.
    func watch(group: Int32) throws {
        _ = try open()
        commands.continuation.yield(.watch(group))
    }

    func forget(group: Int32) {
        commands.continuation.yield(.forget(group))
    }

    private static let prefix = "stoker-tests-"
    private static let parent: FilePath = "/tmp"

    private func open() throws -> FilePath {
        if let root { return root }
        var template = Array("\(Self.parent)/.\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        let hidden = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        guard chmod(hidden.string, 0o711) == 0 else { throw Errno(rawValue: errno) }
        // Held until this process ends, by whatever cause; taken before the area gets the name others look for.
        let lock = try FileDescriptor.open(
            hidden.appending("lock"),
            .readWrite,
            options: [.create, .closeOnExec],
            permissions: .ownerReadWrite
        )
        guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else { throw Errno(rawValue: errno) }
        let root = Self.parent.appending(String(hidden.lastComponent?.string.dropFirst() ?? ""))
        guard rename(hidden.string, root.string) == 0 else { throw Errno(rawValue: errno) }
        self.root = root
        startWatchdog(root)
        cleanUpAbandoned()
        return root
    }

    private func startWatchdog(_ root: FilePath) {
        let commands = commands.stream
        Task.detached {
            _ = try await Subprocess.run(
                Self.watchdog(for: root),
                input: .inputWriter,
                output: .discarded,
                error: .discarded
            ) { execution in
                for await command in commands { _ = try await execution.standardInputWriter.write(command.line) }
            }
        }
    }

    /// Runs a watchdog, which finds its pipe closed already, for every area whose owner is gone.
    private func cleanUpAbandoned() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Self.parent.string)) ?? []
        let abandoned = names.filter { $0.hasPrefix(Self.prefix) }.map { Self.parent.appending($0) }.filter(isAbandoned)
        guard !abandoned.isEmpty else { return }
        Task.detached {
            for area in abandoned { _ = try await Subprocess.run(Self.watchdog(for: area), output: .discarded) }
        }
    }

    private nonisolated func isAbandoned(_ area: FilePath) -> Bool {
        guard let lock = try? FileDescriptor.open(area.appending("lock"), .readWrite, options: [.closeOnExec]) else {
            return false
        }
        defer { try? lock.close() }
        return flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0
    }

    private static func watchdog(for area: FilePath) -> Configuration {
        var options = PlatformOptions()
        // Out of reach of signals to the test runner's process group.
        options.createSession = true
        return Configuration(
            executable: .path("/bin/sh"),
            arguments: ["-c", script, "watchdog", area.string],
            environment: .custom(["PATH": "/usr/bin:/bin"]),
            workingDirectory: "/",
            platformOptions: options
        )
    }

    /// SIGQUIT lets a server remove its shared memory, SIGCONT reaches those that a test has frozen, SIGKILL the rest.
    private static let script = #"""
        area=$1
        trap '' HUP INT TERM
        groups=
        while read -r verb group; do
            kept=
            for known in $groups; do
                [ "$known" = "$group" ] || kept="$kept $known"
            done
            groups=$kept
            [ "$verb" = watch ] && groups="$groups $group"
        done
        for group in $groups; do kill -KILL -- "-$group" 2>/dev/null; done
        inside() {
            for process in /proc/[0-9]*; do
                case $(readlink "$process/cwd" 2>/dev/null) in "$area"/*) echo "${process#/proc/}" ;; esac
            done
        }
        kill -QUIT $(inside) 2>/dev/null
        kill -CONT $(inside) 2>/dev/null
        tries=0
        while [ -n "$(inside)" ] && [ "$tries" -lt 30 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        kill -KILL $(inside) 2>/dev/null
        rm -rf "$area"
        """#
}
