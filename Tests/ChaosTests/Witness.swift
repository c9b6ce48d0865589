// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage
import TestSupport

/// A template of the provisioner `process` whose executions hold a lock as long as any of their processes lives.
///
/// An execution that finds its workspace locked writes this into `overlaps`, whichever worker runs it. Each writes down
/// its pid, the time, its epoch and the state it was given. Workspaces named `long...` take a minute at their first
/// build, unless they are interrupted; then their state and their log say so. Those named `held...` wait to be
/// released. Those named `flaky...` fail at first, as a network would.
struct Witness: Sendable {
    let template: FilePath
    private let directory: FilePath

    init(_ fleet: Fleet) throws {
        directory = fleet.directory.appending("witness")
        for room in ["locks", "begun", "epochs", "requests"] {
            try FileManager.default.createDirectory(
                atPath: directory.appending(room).string,
                withIntermediateDirectories: true
            )
        }
        template = try fleet.template(
            "witness-template",
            [
                "stoker.yaml": """
                name: witness
                provisioner: process
                presets: [{ name: one }]
                """,
                "provision": Self.script(directory.string),
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: template.appending("provision").string
        )
    }

    private static func script(_ directory: String) -> String {
        #"""
        #!/bin/sh
        witness='\#(directory)'
        exec 9>>"$witness/locks/$STOKER_WORKSPACE_ID"
        if ! flock -n 9; then
            echo "$STOKER_WORKSPACE_NAME: epoch $STOKER_CLAIM_EPOCH began too early" >>"$witness/overlaps"
            exit 1
        fi
        echo "$STOKER_CLAIM_EPOCH $$ $(date +%s.%N)" >&9
        echo "$STOKER_CLAIM_EPOCH" >>"$witness/epochs/$STOKER_WORKSPACE_NAME"
        cat >"$witness/requests/$STOKER_WORKSPACE_NAME.$STOKER_CLAIM_EPOCH"
        state() { printf '{"type":"state","state":"%s by %s"}\n' "$1" "$STOKER_CLAIM_EPOCH"; }
        case $STOKER_WORKSPACE_NAME in
            long*)
                if [ ! -e "$witness/begun/$STOKER_WORKSPACE_NAME" ]; then
                    trap 'echo interrupted; state interrupted; exit 1' INT
                    state begun
                    : >"$witness/begun/$STOKER_WORKSPACE_NAME"
                    sleep 60 &
                    wait
                fi
                ;;
            held*)
                state begun
                : >"$witness/begun/$STOKER_WORKSPACE_NAME"
                while [ ! -e "$witness/released" ]; do sleep 0.1; done
                ;;
            flaky*)
                if [ ! -e "$witness/begun/$STOKER_WORKSPACE_NAME" ]; then
                    : >"$witness/begun/$STOKER_WORKSPACE_NAME"
                    echo '{"type":"result","error":"connection refused","code":"TRANSIENT"}'
                    exit 1
                fi
                ;;
            *) sleep 0.3 ;;
        esac
        state done
        """#
    }

    /// Executions that began while another one of the same workspace still ran.
    var overlaps: [String] { lines("overlaps") }

    /// The epochs of a workspace's executions, in the order in which they began.
    func epochs(of workspace: String) -> [Int] {
        lines("epochs/\(workspace)").compactMap { Int($0) }
    }

    /// Releases what is held.
    func release() throws {
        try "".write(toFile: directory.appending("released").string, atomically: true, encoding: .utf8)
    }

    /// Whether the long execution has begun.
    func hasBegun(_ workspace: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending("begun/\(workspace)").string)
    }

    /// The state that the execution was given.
    func state(givenTo workspace: String, epoch: Int) -> String? {
        struct Request: Decodable { let state: String? }
        let path = directory.appending("requests/\(workspace).\(epoch)").string
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode(Request.self, from: bytes).state
    }

    private func lines(_ file: String) -> [String] {
        let bytes = FileManager.default.contents(atPath: directory.appending(file).string) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
