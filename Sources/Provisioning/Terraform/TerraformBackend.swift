// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Glibc
import SystemPackage
import Templates

/// Forces the local backend, whatever a template declares, because Stoker checkpoints and fences the state. The state
/// file stands beside the module's files, not among them.
///
/// An override file replaces a `backend` or `cloud` block (Terraform, "Override Files"). Of several override files the
/// last one wins, in the byte order of their names, so Stoker's gets a name after all of the template's.
enum TerraformBackend {
    static let text = #"{"terraform":{"backend":{"local":{"path":"\#(statePath)"}}}}"#

    private static let statePath = "../\(WorkDirectory.stateName)"
    private static let ending = "_override.tf.json"
    /// The last character in byte order.
    private static let last = "\u{10FFFF}"
    /// Bytes of a file name.
    private static let longestName = 255

    /// What Terraform stores in a directory for its user: the selected workspace, the configured backend, a state. A
    /// template must not set any of it.
    private static let leftovers = ["terraform.tfstate", "terraform.tfstate.d"]

    /// Prepares a fresh copy of a template, before `init`. Blocks.
    ///
    /// - Throws: `.invalid` when the template leaves no name for Stoker's file.
    static func prepare(_ copy: FilePath) throws(ProvisioningFailure) {
        do throws(FileFailure) {
            let names = try PrivateFiles.names(in: copy)
            for name in leftovers where names.contains(name) { FileTree.remove(copy.appending(name)) }
            try removeInitialisation(copy.appending(".terraform"))
            let name = try self.name(behind: names)
            try PrivateFiles.create(copy.appending(name), Array(text.utf8))
        } catch {
            throw error.errno == ENAMETOOLONG
                ? ProvisioningFailure(.invalid, "\(error.path): its name leaves no room for Stoker's own override file")
                : ProvisioningFailure(error)
        }
    }

    /// Everything that `init` creates, except modules that a template may bring along.
    private static func removeInitialisation(_ directory: FilePath) throws(FileFailure) {
        var information = stat()
        guard lstat(directory.string, &information) == 0 else { return }
        guard information.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else { return FileTree.remove(directory) }
        for name in try PrivateFiles.names(in: directory) where name != "modules" {
            FileTree.remove(directory.appending(name))
        }
    }

    private static func name(behind names: [String]) throws(FileFailure) -> String {
        let others = names.filter(TerraformVariables.isOverride)
        let greatest = others.max { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? ""
        var name = last + ending
        while !greatest.utf8.lexicographicallyPrecedes(name.utf8) { name = last + name }
        guard name.utf8.count <= longestName else {
            throw FileFailure("create", greatest, errno: ENAMETOOLONG)
        }
        return name
    }

    /// Checks, after `init`, which backend Terraform really uses. Blocks.
    ///
    /// - Throws: `.invalid` when it is not Stoker's; the message names the places that declare it.
    static func check(_ copy: FilePath) throws(ProvisioningFailure) {
        let taken: Initialised.Backend?
        let places: [String]
        do throws(FileFailure) {
            taken = try Initialised(in: copy).backend
            if let taken, taken.type == "local", taken.config?.path == statePath { return }
            places = try blocks(in: copy)
        } catch {
            throw ProvisioningFailure(error)
        }
        throw ProvisioningFailure(
            .invalid,
            """
            The template takes the state away: Terraform uses \(taken.map { "the backend '\($0.type)'" } ?? "no backend"), \
            and Stoker keeps the state itself. Remove \(places.isEmpty ? "what says so" : places.joined(separator: ", ")).
            """
        )
    }

    /// `team_override.tf:2: backend "s3"` and so on.
    private static func blocks(in copy: FilePath) throws(FileFailure) -> [String] {
        var files: [SourceFile] = []
        for name in try PrivateFiles.names(in: copy) where TerraformBackends.mayHold(name) && !name.hasPrefix(last) {
            let text = try PrivateFiles.read(copy.appending(name)) ?? []
            files.append(SourceFile(name: name, text: String(decoding: text, as: UTF8.self)))
        }
        return TerraformBackends.blocks(in: files).map { "\($0.file):\($0.line): \($0.name)" }
    }
}

/// The record of `init` in Terraform's data directory.
private struct Initialised: Decodable {
    struct Backend: Decodable {
        struct Config: Decodable {
            let path: String?
        }

        let type: String
        let config: Config?
    }

    var backend: Backend?

    /// No backend when there is no such file, or it cannot be read.
    init(in copy: FilePath) throws(FileFailure) {
        let bytes = try PrivateFiles.read(copy.appending(".terraform/terraform.tfstate")) ?? []
        backend = (try? JSONDecoder().decode(Self.self, from: Data(bytes)))?.backend
    }
}
