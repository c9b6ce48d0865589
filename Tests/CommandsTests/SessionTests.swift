// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import Templates
import Testing

@testable import Commands
@testable import PostgresClient

@Suite struct SessionTests {
    /// A directory of the test's own, gone afterwards.
    private static func withDirectory<Result>(_ body: (DataDirectory) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/stoker-commands-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(DataDirectory(Settings(flags: ["data_directory": path])))
    }

    @Test func `the data directory follows the settings, the user and the XDG directories`() throws {
        func path(_ environment: [String: String], isRoot: Bool = false) throws -> FilePath {
            try DataDirectory(Settings(environment: environment), isRoot: isRoot).path
        }
        #expect(try path(["HOME": "/home/a"]) == "/home/a/.local/share/stoker")
        #expect(try path(["HOME": "/home/a", "XDG_DATA_HOME": "/data"]) == "/data/stoker")
        #expect(try path(["HOME": "/root"], isRoot: true) == "/var/lib/stoker")
        #expect(try path(["HOME": "/root", "STOKER_DATA_DIRECTORY": "/mine"], isRoot: true) == "/mine")
        #expect(throws: SettingsError.self) { try path([:]) }
    }

    @Test func `commands find the database of a running 'up' by its record`() throws {
        try Self.withDirectory { directory in
            let settings = try Settings(flags: ["data_directory": directory.path.string])
            #expect(try DatabaseAddress(settings).source == .nothing)
            let record = UpRecord(databaseURL: "postgresql:///stoker?host=/x", httpAddress: "127.0.0.1:1", pid: 7)
            try record.write(directory)
            try record.write(directory)
            #expect(UpRecord.read(directory) == record)
            #expect(try DatabaseAddress(settings) == DatabaseAddress(url: record.databaseURL, source: .up(directory)))
            UpRecord.remove(directory)
            #expect(UpRecord.read(directory) == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path.string) == [])
        }
    }

    @Test func `the record is its owner's alone`() throws {
        try Self.withDirectory { directory in
            try UpRecord(databaseURL: "x", httpAddress: "y", pid: 7).write(directory)
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.record.string)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `one data directory has one 'up'`() throws {
        try Self.withDirectory { directory in
            let first = try UpLock.take(directory)
            let error = #expect(throws: CommandError.self) { _ = try UpLock.take(directory) }
            #expect(error?.message == "'stoker up' runs already on \(directory.path)")
            _ = consume first
            _ = try UpLock.take(directory)
        }
    }

    @Test func `a database that does not answer is told with what to do, by how it was found`() throws {
        let directory = try DataDirectory(Settings(flags: ["data_directory": "/d"]))
        let cause = PostgresError.decoding("no server there?", remedy: "-")
        func text(_ source: DatabaseAddress.Source) -> String { "\(DatabaseError(cause: cause, source: source))" }
        #expect(
            text(.up(directory))
                == "the database of 'stoker up' in /d does not answer: no server there. Start 'stoker up' again, or set "
                + "STOKER_DATABASE_URL."
        )
        #expect(
            text(.nothing)
                == "no database is configured, and libpq's default leads nowhere: no server there. Start 'stoker up', or set "
                + "STOKER_DATABASE_URL."
        )
        #expect(text(.setting(.file(path: "s.yaml", line: 3))).hasSuffix("(the database of s.yaml:3)"))
    }

    @Test func `a template is read with its programs and links, and without what tools leave behind`() throws {
        try Self.withDirectory { directory in
            let root = directory.path.string
            let files = FileManager.default
            for name in [".git", ".terraform", "sub"] {
                try files.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
                #expect(files.createFile(atPath: "\(root)/\(name)/x", contents: Data([1])))
            }
            #expect(files.createFile(atPath: "\(root)/terraform.tfstate", contents: Data([2])))
            #expect(
                files.createFile(atPath: "\(root)/run", contents: Data([3]), attributes: [.posixPermissions: 0o755])
            )
            try files.createSymbolicLink(atPath: "\(root)/link", withDestinationPath: "sub/x")
            for name in ["errored.tfstate", "prod.tfstate", "prod.tfstate.backup"] {
                #expect(files.createFile(atPath: "\(root)/\(name)", contents: Data([2])))
            }
            for name in [".svn", ".hg", "big"] {
                try files.createDirectory(atPath: "\(root)/\(name)/x", withIntermediateDirectories: true)
            }
            #expect(mkfifo("\(root)/big/x/pipe", 0o600) == 0)
            #expect(files.createFile(atPath: "\(root)/.terraform.lock.hcl", contents: Data([4])))
            #expect(files.createFile(atPath: "\(root)/.terraformignore", contents: Data("# large\n/big/\n".utf8)))
            let entries: [ArchiveEntry] = [
                .file(".terraform.lock.hcl", [4]), .file(".terraformignore", Array("# large\n/big/\n".utf8)),
                .symbolicLink("link", to: "sub/x"), .file("run", [3], executable: true), .directory("sub"),
                .file("sub/x", [1]),
            ]
            let contents = try TemplateSource.contents(at: root)
            #expect(contents.entries == entries)
            #expect(contents.leftOut == [".git/", ".hg/", ".svn/", ".terraform/", "big/"])
            let states = ["errored.tfstate", "prod.tfstate", "prod.tfstate.backup", "terraform.tfstate"]
            #expect(contents.refused == states)

            // The same through an archive of somebody's own making.
            let all: [ArchiveEntry] =
                entries + states.map { .file($0, [2]) } + [.file(".git/x", [1]), .file("big/y", [1])]
            let tar = directory.path.appending("t.tar").string
            #expect(files.createFile(atPath: tar, contents: Data(try TarArchive.pack(all))))
            let packed = try TemplateSource.contents(at: tar)
            #expect(packed.entries.map(\.path) == entries.map(\.path))
            #expect(packed.leftOut == [".git/", "big/"])
            #expect(packed.refused == states)
        }
        #expect(throws: CommandError.self) { try TemplateSource.contents(at: "/nowhere") }
    }
}
