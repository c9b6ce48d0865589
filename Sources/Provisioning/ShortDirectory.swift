// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A private directory with a short path, found through a link in a place with a long one.
///
/// Programs make sockets in `TMPDIR`, Terraform's providers among them. The path of a socket is limited to 107 bytes,
/// which a work directory exceeds.
struct ShortDirectory {
    private static let prefix = "stoker-"

    let link: FilePath

    /// Makes the directory below `parent`, and the link to it.
    ///
    /// - Returns: Its path, also when the link could not be made.
    func make(below parent: FilePath) throws(FileFailure) -> FilePath {
        var template = Array(parent.appending("\(Self.prefix)XXXXXX").string.utf8CString)
        guard mkdtemp(&template) != nil else { throw FileFailure("create a directory in", parent) }
        guard symlink(template, link.string) == 0 else {
            let failure = FileFailure("create link", link)
            rmdir(template)
            throw failure
        }
        return FilePath(platformString: template)
    }

    /// The directory's path; the link itself when it leads nowhere.
    var path: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        return readlink(link.string, &buffer, Int(PATH_MAX)) > 0
            ? FilePath(platformString: buffer).string : link.string
    }

    /// Whether the link (which a worker that runs as root has given to a template's user) and the directory belong to
    /// one user.
    private func isOfTheSameUser(_ directory: stat) -> Bool {
        var information = stat()
        return lstat(link.string, &information) == 0 && information.st_uid == directory.st_uid
    }

    /// Removes the directory, if it was made here, and belongs to this user or the template's.
    ///
    /// - Parameter made: Its path; `nil`: the link's target, which a template may have changed.
    func remove(_ made: FilePath? = nil) {
        let target = made ?? FilePath(path)
        var information = stat()
        // The name must have the form of mkdtemp(3), since a template may have changed the link's target.
        guard let name = target.lastComponent?.string, name.hasPrefix(Self.prefix),
            name.utf8.count == Self.prefix.utf8.count + 6,
            lstat(target.string, &information) == 0,
            information.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR),
            information.st_uid == getuid() || isOfTheSameUser(information)
        else { return }
        FileTree.remove(target)
    }
}
