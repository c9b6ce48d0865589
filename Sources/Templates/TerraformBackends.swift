// SPDX-License-Identifier: Apache-2.0

import Basics

/// The places in a module that configure where the state is kept. Stoker ignores them, because it keeps the state
/// itself.
package enum TerraformBackends {
    /// A `backend` or `cloud` block.
    package struct Block: Hashable, Sendable {
        package let file: String
        package let line: Int
        /// `backend "s3"`, or `cloud`.
        package let name: String
    }

    /// Whether Terraform, or OpenTofu, reads the file as part of the module in the template's directory.
    package static func mayHold(_ name: String) -> Bool {
        TerraformVariables.isModuleFile(name) || TerraformVariables.isTofuFile(name)
    }

    /// All such blocks, in the order of files and lines. Unreadable files are skipped; Terraform reports them.
    package static func blocks(in files: [SourceFile]) -> [Block] {
        files.filter { mayHold($0.name) }.flatMap { file in
            let found = try? file.name.hasSuffix(".json") ? json(file) : native(file)
            return (found ?? []).sorted { $0.line < $1.line }
        }
    }

    private static func native(_ file: SourceFile) throws(HCLProblem) -> [Block] {
        try HCLParser.body(of: file.text).blocks.filter { $0.type == "terraform" }.flatMap { terraform in
            terraform.body.blocks.filter { ["backend", "cloud"].contains($0.type) }.map { block in
                let labels = block.labels.map { " \"\($0 ?? "?")\"" }.joined()
                return Block(file: file.name, line: block.start.line, name: block.type + labels)
            }
        }
    }

    private static func json(_ file: SourceFile) throws(HCLProblem) -> [Block] {
        var blocks: [Block] = []
        for root in try JSONNode.read(file.text).oneOrMany {
            for terraform in (root.members ?? []).filter({ $0.name == "terraform" }).flatMap(\.value.oneOrMany) {
                for (name, body) in terraform.members ?? [] where name == "backend" || name == "cloud" {
                    let types = name == "backend" ? body.oneOrMany.flatMap { ($0.members ?? []).map(\.name) } : []
                    let labels = types.map { " \"\($0)\"" }.joined(separator: ",")
                    blocks.append(Block(file: file.name, line: body.line, name: name + labels))
                }
            }
        }
        return blocks
    }
}

extension TerraformBackends.Block {
    /// The warning at a push.
    var warning: TemplateWarning {
        TemplateWarning(
            file: file,
            line: line,
            field: "terraform.\(name)",
            "Stoker keeps the state of its workspaces itself, so this block is passed over"
        )
    }
}
