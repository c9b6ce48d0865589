// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import Domain

extension TemplateManifest {
    /// What a build of the preset depends on, in hexadecimal: the files, the program, the agents, and the values. Presets of two
    /// versions with the same digest give the same workspaces, however their pools differ.
    ///
    /// - Returns: `nil` when the files are not known.
    package func buildDigest(of preset: TemplatePreset) -> String? {
        guard let filesDigest else { return nil }
        var hash = FieldHash()
        hash.add(filesDigest, provisioner.rawValue, executable ?? "")
        for agent in agents.sorted() { hash.add("agent", agent) }
        for parameter in parameters.sorted(by: { $0.name < $1.name }) {
            let value = preset.parameters[parameter.name] ?? parameter.defaultValue
            hash.add("parameter", parameter.name, parameter.type, parameter.sensitive ? "sensitive" : "", value ?? "")
        }
        return hash.text
    }

    /// A digest of all files but `stoker.yaml`, whatever their order in the archive.
    static func digest(of entries: [ArchiveEntry]) -> String {
        var hash = FieldHash()
        for entry in entries.sorted(by: { $0.path < $1.path }) where !entry.path.isSameName(as: fileName) {
            hash.add(entry.path, entry.isExecutable ? "x" : "")
            switch entry.kind {
            case .directory: hash.add("directory")
            case .file(let bytes): hash.add(bytes: bytes)
            case .symbolicLink(let target): hash.add("link", target)
            }
        }
        return hash.text
    }
}

/// SHA-256 over fields that cannot run together.
private struct FieldHash {
    private var hash = SHA256()

    var text: String { hash.finalize().hexadecimal }

    mutating func add(_ fields: String...) {
        for field in fields { add(bytes: Array(field.utf8)) }
    }

    mutating func add(bytes: [UInt8]) {
        hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) })
        hash.update(data: bytes)
    }
}
