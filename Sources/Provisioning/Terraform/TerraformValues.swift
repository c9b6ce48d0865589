// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Glibc
import SystemPackage
import Templates

/// The values of a build as a file of Terraform variables. The file is named on the command line, so it has precedence
/// over `terraform.tfvars` and `*.auto.tfvars` of a template, and a value may be of any length.
struct TerraformValues {
    /// Beside the template's files, not among them; relative to Terraform's working directory.
    static let path = "../\(fileName)"

    private static let fileName = "values.tfvars.json"

    /// The names in order: one a line, from the second line of the file on.
    let names: [String]
    let bytes: [UInt8]

    /// Facts and parameters of a build. A parameter cannot replace a fact.
    ///
    /// - Throws: `.invalid` for a value that does not fit its type.
    init(_ request: BuildRequest) throws(ProvisioningFailure) {
        var values: [String: String] = [:]
        for parameter in request.build.parameters where !BuiltinVariables.contains(parameter.name) && !parameter.isCoder
        {
            values[parameter.name] = try parameter.terraformJSON
        }
        for (name, value) in TemplateEnvironment.facts(of: request) {
            values[name.lowercased()] = JSON.quoted(value)
        }
        let sorted = values.sorted { $0.key < $1.key }
        names = sorted.map(\.key)
        let lines = sorted.map { "\(JSON.quoted($0.key)): \($0.value)" }
        bytes = Array("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// The name of the variable that a line of the file gives, counted from 1.
    func name(atLine line: Int) -> String? {
        names.indices.contains(line - 2) ? names[line - 2] : nil
    }

    /// Writes the file, readable by this user only, and replaces an existing one.
    func write(in directory: WorkDirectory) async throws(ProvisioningFailure) {
        let file = directory.path.appending(Self.fileName)
        do throws(FileFailure) {
            try await BlockingWork.run { [bytes] () throws(FileFailure) in
                FileTree.remove(file)
                try PrivateFiles.create(file, bytes)
            }
        } catch {
            throw ProvisioningFailure(error)
        }
    }

    /// Removes the file, so that secrets do not outlive the execution, even when its directory does.
    static func remove(from directory: WorkDirectory) async {
        await BlockingWork.run { () throws(Never) in _ = unlink(directory.path.appending(Self.fileName).string) }
    }
}

extension BuildParameter {
    /// Text as a string, which Terraform converts to the variable's type; lists and maps as values.
    fileprivate var terraformJSON: String {
        get throws(ProvisioningFailure) {
            let type = ParameterType(type)
            if type.isTextual { return JSON.quoted(value) }
            if let literal = JSON(literal: value) { return literal.json }
            guard type != .unknown else { return JSON.quoted(value) }
            let shown = sensitive ? "the value" : "'\(value)'"
            throw ProvisioningFailure(.invalid, "variable '\(name)': \(shown) is not \(type.expectation)")
        }
    }
}
