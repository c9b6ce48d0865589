// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
package import SystemPackage

/// The directory of this test process's files. Nothing of it stays, however the process ends.
///
/// A small watchdog process waits for the end of a pipe that only this process holds. Then it ends the registered
/// process groups and every process that works in the area, and removes the area. Areas of test processes whose
/// watchdog was killed as well are cleaned up by the next one.
package actor TestArea {
    package static let shared = TestArea()

    private struct Open: Sendable {
        let root: FilePath
        /// The pipe's end; the watchdog has the other one, and no other process has a copy of this one.
        let watchdog: FileDescriptor
    }

    private var opening: Task<Open, any Error>?
    private var count = 0

    /// A new, empty directory, which other users may pass through but not list.
    package func makeDirectory(_ name: String = "area") async throws -> FilePath {
        let root = try await open().root
        count += 1
        let directory = root.appending("\(name)-\(count)")
        guard mkdir(directory.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
        return directory
    }

    /// Has the process group killed when this process ends, unless it is unregistered before.
    func watch(group: Int32) async throws {
        // For kill(2), the groups 0 and 1 mean more than one group.
        precondition(group > 1, "\(group) is no process group of ours")
        _ = try await open().watchdog.writeAll("watch \(group)\n".utf8)
    }

    func forget(group: Int32) async throws {
        _ = try await open().watchdog.writeAll("forget \(group)\n".utf8)
    }

    private static let prefix = "stoker-tests-"
    private static let parent: FilePath = "/tmp"

    private func open() async throws -> Open {
        if let opening { return try await opening.value }
        // Detached: it belongs to the process, not to the first test.
        let opening = Task.detached {
            let root = try Self.makeRoot()
            let watchdog = try await Self.startWatchdog(root)
            try await Self.cleanUpAbandoned()
            return Open(root: root, watchdog: watchdog)
        }
        self.opening = opening
        return try await opening.value
    }

    private static func makeRoot() throws -> FilePath {
        var template = Array("\(parent)/.\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        let hidden = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        guard chmod(hidden.string, 0o711) == 0 else { throw Errno(rawValue: errno) }
        let lock = try FileDescriptor.open(
            hidden.appending("lock"),
            .readWrite,
            options: [.create, .closeOnExec],
            permissions: .ownerReadWrite
        )
        // Held until this process ends, for whatever reason; taken before the area gets the name that others look for.
        guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else { throw Errno(rawValue: errno) }
        let root = parent.appending(String(hidden.lastComponent?.string.dropFirst() ?? ""))
        guard rename(hidden.string, root.string) == 0 else { throw Errno(rawValue: errno) }
        return root
    }

    private static func startWatchdog(_ root: FilePath) async throws -> FileDescriptor {
        // If someone kills the watchdog, writing to it must be an error, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        let pipe = try FileDescriptor.pipe(options: .closeOnExec)
        let started = TestSignal<String?>()
        Task.detached {
            do {
                _ = try await Subprocess.run(
                    watchdog(for: root),
                    input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
                    output: .discarded,
                    error: .discarded
                ) { _ in started.send(nil) }
            } catch {
                started.send("\(error)")
            }
        }
        if let failure = try await started.next("the watchdog") { throw WatchdogFailure(description: failure) }
        return pipe.writeEnd
    }

    private struct WatchdogFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a watchdog, whose pipe has ended already, for every area whose owner is gone.
    private static func cleanUpAbandoned() async throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.string)) ?? []
        let areas = names.filter { $0.hasPrefix(prefix) }.map { parent.appending($0) }
        for area in areas where isAbandoned(area) {
            _ = try await Subprocess.run(watchdog(for: area), output: .discarded)
        }
    }

    private static func isAbandoned(_ area: FilePath) -> Bool {
        guard let lock = try? FileDescriptor.open(area.appending("lock"), .readWrite, options: [.closeOnExec]) else {
            return false
        }
        defer { try? lock.close() }
        return flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0
    }

    private static func watchdog(for area: FilePath) -> Configuration {
        var options = PlatformOptions()
        // Signals to the test runner's process group do not reach it.
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
        case $area in /tmp/stoker-tests-?*) ;; *) exit 1 ;; esac
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
        for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
        inside() {
            for process in /proc/[0-9]*; do
                case $(readlink "$process/cwd" 2>/dev/null) in "$area"/*) echo "${process#/proc/}" ;; esac
            done
        }
        kill -s QUIT $(inside) 2>/dev/null
        kill -s CONT $(inside) 2>/dev/null
        tries=0
        while [ -n "$(inside)" ] && [ "$tries" -lt 30 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        kill -s KILL $(inside) 2>/dev/null
        rm -rf "$area"
        """#
}
