// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The resources that a process uses now, as the kernel counts them (proc(5)).
package struct ProcessUsage: Hashable, Sendable {
    /// Processor time in user and kernel mode, without children.
    package var cpuSeconds: Double
    package var residentBytes: Int
    package var virtualBytes: Int
    package var threads: Int
    package var openFiles: Int
    /// `nil`: any number.
    package var fileLimit: Int?
    /// Seconds since the Unix epoch.
    package var startSeconds: Double

    /// This process; `nil` where there is no `/proc` to read.
    package static var now: ProcessUsage? { read("self") }

    /// Another process of this user; `nil` when there is none of this id.
    package static func now(of pid: Int32) -> ProcessUsage? { read("\(pid)") }

    private static func read(_ process: String) -> ProcessUsage? {
        // The name of a process stands in parentheses, and may hold anything but its end.
        guard let stat = text("/proc/\(process)/stat"), let name = stat.lastIndex(of: ")"),
            let boot = line("btime", of: "/proc/stat")?.first.flatMap({ Double($0) }),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        // Fields are counted from 1; the third is the first after the name.
        func field(_ number: Int) -> Int? { fields.indices.contains(number - 3) ? Int(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let size = field(23), let pages = field(24)
        else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        return ProcessUsage(
            cpuSeconds: Double(user + system) / ticks,
            residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)),
            virtualBytes: size,
            threads: threads,
            // The descriptor that read the directory is not counted.
            openFiles: process == "self" ? max(files.count - 1, 0) : files.count,
            fileLimit: line("Max open files", of: "/proc/\(process)/limits")?.first.flatMap { Int($0) },
            startSeconds: boot + Double(start) / ticks
        )
    }

    /// The words after the name at the beginning of a line of the file.
    private static func line(_ name: String, of file: String) -> [Substring]? {
        text(file)?.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ")
    }

    private static func text(_ file: String) -> String? {
        FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
    }
}
