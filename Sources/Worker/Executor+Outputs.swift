// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Store

extension Executor {
    /// The outputs as the database stores them: the values of sensitive ones are encrypted.
    func sealed(_ outputs: [BuildOutput]) async throws -> [StoredOutput] {
        var stored: [StoredOutput] = []
        for output in outputs {
            guard output.isSensitive else {
                stored.append(StoredOutput(name: output.name, json: output.json))
                continue
            }
            stored.append(StoredOutput(name: output.name, sealed: try await sealing.sealed(Array(output.json.utf8))))
        }
        return stored
    }

    /// The values of earlier sensitive outputs, which the log of this build must not show either.
    func earlierOutputs(_ context: BuildContext) async throws -> [String] {
        var values: [String] = []
        for sealed in context.sealedOutputs {
            values.append(String(decoding: try await sealing.opened(sealed), as: UTF8.self))
        }
        return values
    }
}

extension BuildOutput {
    /// A warning that the output is not offered as what its name says; `nil`: nothing is wrong. It quotes no value.
    var doubt: LogLine? {
        guard let known = KnownOutput(rawValue: name), known.text(of: try? JSON(parsing: json)) == nil else {
            return nil
        }
        return LogLine(level: .warn, output: "The output \(name) is not offered: it must be \(known.expectation).")
    }
}
