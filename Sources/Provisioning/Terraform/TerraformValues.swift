// SPDX-License-Identifier: Apache-2.0

import Glibc
import Prebuilds
import SystemPackage
import Templates

/// The values of a build as a file of Terraform's variables. Named on the command line, it has the last word: neither
/// `terraform.tfvars` nor `*.auto.tfvars` of a template beats a preset or a claim, and a value may be of any length.
struct TerraformValues {
    /// Beside the template's files and not among them; relative to where Terraform runs.
    static let path = "../\(fileName)"

    private static let fileName = "values.tfvars.json"

    /// What is given, in order: one name a line, from the second line of the file on.
    let names: [String]
    let bytes: [UInt8]

    /// Facts and parameters of a build. A parameter cannot pretend to be a fact.
    ///
    /// - Throws: `.invalid` for a value that its type does not allow.
    init(_ build: BuildRequest) throws(ProvisioningFailure) {
        var values: [String: String] = [:]
        for parameter in build.parameters where !BuiltinVariables.contains(parameter.name) {
            values[parameter.name] = try parameter.terraformJSON
        }
        for (name, value) in TemplateEnvironment.facts(of: build) {
            values[name.lowercased()] = ParameterLiteral.quoted(value)
        }
        let sorted = values.sorted { $0.key < $1.key }
        names = sorted.map(\.key)
        let lines = sorted.map { "\(ParameterLiteral.quoted($0.key)): \($0.value)" }
        bytes = Array("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// The name of the variable that a line of the file gives, counted from 1.
    func name(atLine line: Int) -> String? {
        names.indices.contains(line - 2) ? names[line - 2] : nil
    }

    /// Writes the file, for this user alone. What was there is replaced.
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

    /// Secrets do not outlive the execution, even where its directory does.
    static func remove(from directory: WorkDirectory) async {
        await BlockingWork.run { () throws(Never) in _ = unlink(directory.path.appending(Self.fileName).string) }
    }
}

extension BuildParameter {
    /// Text as a string, which Terraform converts into the variable's type; lists and maps as what they are.
    fileprivate var terraformJSON: String {
        get throws(ProvisioningFailure) {
            let type = ParameterType(type)
            if type.isTextual { return ParameterLiteral.quoted(value) }
            if let literal = ParameterLiteral(value) { return literal.json }
            guard type != .unknown else { return ParameterLiteral.quoted(value) }
            let shown = sensitive ? "the value" : "'\(value)'"
            throw ProvisioningFailure(.invalid, "variable '\(name)': \(shown) is not \(type.expectation)")
        }
    }
}
