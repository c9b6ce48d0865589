// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Operations
import Provisioning
import Synchronization
import SystemPackage
import Templates
import Worker

/// What an import does with Terraform, on this machine and without a server: init, validate, and a plan of each preset.
struct TerraformRehearsal {
    private let settings: WorkerSettings

    /// Throws ``SettingsError``.
    init(_ settings: Settings) throws {
        self.settings = try WorkerSettings(settings)
    }

    /// Throws ``CommandError`` when Terraform is not there, or fails for another reason than the template.
    func findings(of template: PackedTemplate) async throws -> [TemplateFinding] {
        let reporter = RehearsalReporter()
        var host = settings.host
        let area = "\(FileManager.default.temporaryDirectory.path)/stoker-check-\(UInt64.random(in: .min ... .max))"
        host.workDirectory = FilePath(area)
        defer { try? FileManager.default.removeItem(atPath: area) }
        let limits = settings.worker.importLimits
        let request = ImportRequest(
            job: HeldJob(id: .random(), epoch: 0),
            organization: "default",
            templateName: template.manifest.name,
            versionName: "check",
            archive: TemplateArchive(hash: template.hash) { template.archive }
        )
        do throws(ProvisioningFailure) {
            _ = try await TerraformProvisioner(host: host, configuration: settings.terraform).importVersion(
                request,
                reporter: reporter,
                control: ExecutionControl(limits: limits, leaseUntil: .now + limits.wallClock + .seconds(60))
            )
        } catch {
            guard error.code == .invalid else {
                throw CommandError(
                    error.message,
                    remedy: "Without --terraform, everything but what Terraform says is checked."
                )
            }
            let said = error.message.split(whereSeparator: \.isNewline).map {
                TemplateFinding(.error, terraform: String($0))
            }
            return reporter.warnings + said
        }
        return reporter.warnings
    }
}

/// Shows what Terraform prints, and keeps its warnings.
private final class RehearsalReporter: ExecutionReporter {
    private let lines = Mutex<[LogLine]>([])

    var warnings: [TemplateFinding] {
        lines.withLock { $0 }.filter { $0.level == .warn && $0.stage != "read" }.map {
            TemplateFinding(.warning, terraform: $0.output)
        }
    }

    func log(_ line: LogLine) {
        lines.withLock { $0.append(line) }
        guard line.level == .info else { return }
        // A closed standard error is no reason to stop.
        try? Console.note(Printable.line("[\(line.stage)] \(line.output)"))
    }

    func timing(_ timing: StageTiming) {}
    func checkpoint(_ state: [UInt8]) async {}
    func replacing(_ replacements: [Replacement]) async {}
}
