// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One line that a process prints on its standard output.
enum ProcessMessage: Equatable {
    case log(level: LogLevel, stage: String?, output: String)
    /// The state from now on, as it was written; `null`: nothing exists.
    case state([UInt8])
    case resource(BuiltResource)
    case replacement(Replacement)
    case agent(name: String)
    case result(error: String?, code: ProvisioningFailure.Code?)

    private struct Line: Decodable {
        let type: String
        let level: String?
        let stage: String?
        let output: String?
        let resourceType: String?
        let name: String?
        let address: String?
        let dailyCost: Int?
        let paths: [String]?
        let reason: String?
        let error: String?
        let code: String?

        enum CodingKeys: String, CodingKey {
            case type, level, stage, output, name, address, paths, reason, error, code
            case resourceType = "resource_type"
            case dailyCost = "daily_cost"
        }
    }

    /// Reads a line; `nil` when it is no message, so that it is a line of the log.
    init?(_ bytes: [UInt8]) {
        guard bytes.first == UInt8(ascii: "{"),
            let line = try? JSONDecoder().decode(Line.self, from: Data(RawJSON.replacingNULs(in: bytes)))
        else { return nil }
        switch line.type {
        case "log":
            self = .log(
                level: LogLevel(rawValue: line.level ?? "") ?? .info,
                stage: line.stage,
                output: line.output ?? ""
            )
        case "state":
            guard let state = RawJSON.value(of: "state", in: bytes) else { return nil }
            self = .state(state)
        case "resource":
            guard let type = line.resourceType, let name = line.name else { return nil }
            self = .resource(
                BuiltResource(
                    type: type,
                    name: name,
                    address: line.address ?? "\(type).\(name)",
                    dailyCost: line.dailyCost ?? 0
                )
            )
        case "replacement":
            guard let address = line.address else { return nil }
            self = .replacement(Replacement(address: address, paths: line.paths ?? [], reason: line.reason ?? ""))
        case "agent":
            guard let name = line.name else { return nil }
            self = .agent(name: name)
        case "result":
            let error = line.error?.isEmpty == true ? nil : line.error
            self = .result(error: error, code: line.code.flatMap(ProvisioningFailure.Code.init(rawValue:)))
        default: return nil
        }
    }
}
