// SPDX-License-Identifier: Apache-2.0

import Basics
import Store

extension WorkspaceOutputs {
    /// How to open the workspace, and how to connect to it.
    var lines: [String] {
        [open.map { "open \($0)" }, ssh.map { "ssh: \($0)" }].compactMap(\.self)
    }

    /// Empty when there are no outputs.
    var table: String {
        Table(outputs, empty: "", [.init("output") { $0.name }, .init("value") { $0.shown }]).text
    }
}

extension WorkspaceOutputs.Output {
    fileprivate var shown: String {
        guard let value else { return "(sensitive)" }
        return value.string ?? value.json
    }
}
