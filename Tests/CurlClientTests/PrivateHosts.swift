// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Glibc
import SystemPackage
import TestSupport

/// The system's resolver with a hosts file of the test's own, whose answers can change between two questions, as those
/// of a name server that rebinds.
///
/// A thread that has a mount namespace to itself sees the file as `/etc/hosts`, and so do the threads of the clients it
/// makes. That takes root: see ``isAvailable``.
final class PrivateHosts: Sendable {
    static let isAvailable =
        geteuid() == 0 && (try? onThread { try enterNamespace(mounting: "/dev/null", on: "/etc/hosts") }) != nil

    private let file: FilePath

    /// An empty hosts file.
    init() async throws {
        file = try await TestArea.shared.makeDirectory("hosts").appending("hosts")
        try write([:])
    }

    /// From now on these names, and no others, have an address.
    func write(_ addresses: [String: String]) throws {
        let text = addresses.map { "\($0.value) \($0.key)\n" }.joined()
        // In place: the mounted file is the inode, not the name.
        let descriptor = try FileDescriptor.open(
            file,
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
    }

    /// From now on every question waits until ``answerAll()``: the file is a pipe that nobody writes to.
    func fallSilent() throws {
        unlink(file.string)
        guard mkfifo(file.string, 0o600) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Releases all who wait for an answer, without one.
    func answerAll() throws {
        try FileDescriptor.open(file, .readWrite).close()
    }

    /// A client that resolves by this file.
    func client(_ configuration: HTTPClientConfiguration) throws -> HTTPClient {
        let file = file.string
        return try Self.onThread {
            try Self.enterNamespace(mounting: file, on: "/etc/hosts")
            return try HTTPClient(configuration)
        }
    }

    /// A client that asks the name server at this address, and no other.
    static func client(_ configuration: HTTPClientConfiguration, nameserver: String) async throws -> HTTPClient {
        let file = try await TestArea.shared.makeDirectory("resolver").appending("resolv.conf")
        let descriptor = try FileDescriptor.open(file, .writeOnly, options: .create, permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll("nameserver \(nameserver)\n".utf8) }
        return try onThread {
            try enterNamespace(mounting: file.string, on: "/etc/resolv.conf")
            return try HTTPClient(configuration)
        }
    }

    private static func enterNamespace(mounting file: String, on path: String) throws {
        // The Glibc module leaves out sched.h's unshare and CLONE_NEWNS.
        typealias Unshare = @convention(c) (Int32) -> Int32
        let newMountNamespace: Int32 = 0x20000
        guard let symbol = dlsym(nil, "unshare") else { throw Errno(rawValue: ENOSYS) }
        let unshare = unsafeBitCast(symbol, to: Unshare.self)
        guard unshare(newMountNamespace) == 0,
            mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
            mount(file, path, nil, UInt(MS_BIND), nil) == 0
        else { throw Errno(rawValue: errno) }
    }

    /// Runs the body on a thread of its own and waits for it.
    private static func onThread<Value>(_ body: @escaping () throws -> Value) throws -> Value {
        var result: Result<Value, any Error>?
        let work = Work { result = Result(catching: body) }
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().run() }
                return nil
            },
            Unmanaged.passUnretained(work).toOpaque()
        )
        guard code == 0 else { throw Errno(rawValue: code) }
        pthread_join(thread, nil)
        withExtendedLifetime(work) {}
        guard let result else { throw Errno(rawValue: ECANCELED) }
        return try result.get()
    }

    private final class Work {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
