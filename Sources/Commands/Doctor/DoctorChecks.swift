// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Operations
import Provisioning
import Server
import Store
import SystemPackage
import Time
import Worker

/// The checks of `stoker doctor`. Each continues as far as possible, whatever the others find.
struct DoctorChecks {
    private let worker: WorkerSettings

    /// Throws ``SettingsError`` for a configuration with which no worker would start.
    init(_ settings: Settings) throws {
        worker = try WorkerSettings(settings)
    }

    func findings() async throws -> [Finding] {
        var findings = [Finding("configuration", .ok, "\(worker.all.count) settings are given")]
        findings += [try .encryption(worker.all), workDirectory, await terraform]
        findings += IsolationFindings(worker.host).all
        findings += await database()
        return findings
    }

    private var workDirectory: Finding {
        let path = worker.host.workDirectory
        let probe = path.appending(".probe-\(UInt64.random(in: .min ... .max))")
        do {
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
            let file = try FileDescriptor.open(
                probe,
                .writeOnly,
                options: [.create, .exclusiveCreate],
                permissions: .ownerReadWrite
            )
            try file.closeAfter { _ = try file.writeAll([0]) }
            try FileManager.default.removeItem(atPath: probe.string)
        } catch {
            try? FileManager.default.removeItem(atPath: probe.string)
            return Finding(
                "work directory",
                .failed,
                "\(path) cannot be written to: \(error)",
                remedy: "Free some space, or set worker.work_directory to a directory of this user."
            )
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path.string)
        guard let free = attributes?[.systemFreeSize] as? UInt64 else {
            return Finding("work directory", .ok, "\(path) can be written to")
        }
        let gigabytes = free >> 30
        guard gigabytes >= 1 else {
            return Finding("work directory", .warning, "\(path) has less than 1 GiB left", remedy: "Make room.")
        }
        return Finding("work directory", .ok, "\(path) can be written to; \(gigabytes) GiB are free")
    }

    private var terraform: Finding {
        get async {
            do {
                let found = try await TerraformProvisioner(host: worker.host, configuration: worker.terraform)
                    .installation()
                return Finding("terraform", .ok, "\(found.executable), version \(found.version)")
            } catch {
                return Finding(
                    "terraform",
                    .warning,
                    error.message,
                    remedy: "Only needed for Terraform templates; set terraform.binary."
                )
            }
        }
    }

    private func database() async -> [Finding] {
        do {
            return try await Composition(worker.all).withStore(requiringSchema: false) { store, _ in
                let now = try await store.now()
                var findings = [Finding("database", .ok, "it answers"), clock(now)]
                if let refusal = try await store.schemaState().refusal {
                    return findings + [Finding("schema", .failed, refusal.message, remedy: refusal.remedy)]
                }
                findings.append(Finding("schema", .ok, "it matches this program"))
                findings.append(await notifications(store))
                return try await findings + templates(store) + workers(store) + endpoints(store)
            }
        } catch {
            return [Finding("database", .failed, ErrorReport(error).sentence)]
        }
    }

    private func clock(_ now: Instant) -> Finding {
        let difference = Host.now - now
        let seconds = difference.components.seconds
        guard abs(seconds) >= 5 else { return Finding("clock", .ok, "it agrees with the database's clock") }
        return Finding(
            "clock",
            .warning,
            "this machine's clock is \(abs(seconds)) s \(seconds > 0 ? "ahead of" : "behind") the database's",
            remedy: "Stoker uses the database's clock; correct this one for logs and signatures."
        )
    }

    private func notifications(_ store: Store) async -> Finding {
        do {
            return notifications(try await store.notificationState())
        } catch {
            return Finding("notifications", .warning, ErrorReport(error).sentence)
        }
    }

    private func notifications(_ state: NotificationState) -> Finding {
        let check = "notifications"
        let share = "its queue of notifications is \(Int((state.queueUsage * 100).rounded()))% full"
        let holder = state.oldestTransaction.map { ": the oldest transaction is that of \($0)" } ?? ""
        if let refusal = state.refusal {
            return Finding(
                check,
                .warning,
                "the server refuses NOTIFY, so that work is found by polling, seconds later: \(refusal)",
                remedy: state.queueUsage < 0.5
                    ? "Grant EXECUTE on pg_notify(text, text) to the role of database.url."
                    : "End the session that listens and does not read\(holder)."
            )
        }
        guard state.queueUsage < 0.25 else {
            return Finding(
                check,
                .warning,
                "the server accepts them, but \(share)",
                remedy: "End the session that listens and does not read\(holder)."
            )
        }
        return Finding(check, .ok, "the server accepts them, and \(share)")
    }

    /// Whether what is needed by the templates is here.
    private func templates(_ store: Store) async throws -> [Finding] {
        let needing = try await store.templates().filter {
            $0.provisioner == ProvisionerType.terraform.rawValue && $0.deprecated.isEmpty
        }
        guard !needing.isEmpty, await terraform.state != .ok else { return [] }
        return [
            Finding(
                "terraform templates",
                .warning,
                "\(needing.count == 1 ? "1 template needs" : "\(needing.count) templates need") a Terraform, which a worker on "
                    + "this machine would not find (\(Suggestion.list(needing.map(\.name))))",
                remedy: "Install terraform or tofu, or name one with terraform.binary."
            )
        ]
    }

    private func workers(_ store: Store) async throws -> [Finding] {
        let up = try await store.workers().filter { $0.state == .active }
        guard !up.isEmpty else {
            return [Finding("workers", .warning, "no worker is up", remedy: "Start one with 'stoker worker'.")]
        }
        let tags = try await tags(store, up)
        return [Finding("workers", .ok, "\(up.count) up")] + tags + [publicURL(workers: up.count)]
    }

    /// Jobs and templates whose tags no worker has, and workers whose tags nothing asks for.
    private func tags(_ store: Store, _ up: [WorkerSummary]) async throws -> [Finding] {
        let check = "tags"
        let unserved = try await store.overview().unservedTags.map { unserved in
            let templates = unserved.templates.isEmpty ? "" : " (\(Suggestion.list(unserved.templates)))"
            return Finding(
                check,
                .warning,
                "no worker has the tags \(unserved.tags.text), for which \(unserved.jobs) jobs wait and "
                    + "\(unserved.templates.count) templates ask\(templates)",
                remedy: "Start a worker with them: worker.tags \(unserved.tags.json)."
            )
        }
        let idle = up.filter { !$0.isAskedFor }.map { worker in
            Finding(
                check,
                .warning,
                "no template and no job asks for the tags \(worker.tags.text) of the worker '\(worker.name)'",
                remedy: "Give it the tags of jobs (worker.tags), or a template its tags ('tags' in stoker.yaml)."
            )
        }
        let findings = unserved + idle
        return findings.isEmpty ? [Finding(check, .ok, "workers and jobs fit each other")] : findings
    }

    private func publicURL(workers: Int) -> Finding {
        let check = "public URL"
        if let url = worker.accessURL { return Finding(check, .ok, "agents in workspaces call \(url)") }
        guard workers > 1 || worker.http.address.isAnyAddress else {
            return Finding(
                check,
                .ok,
                "http.public_url is not set, and agents in workspaces call the one worker's own address, which is enough "
                    + "while they are on its machine"
            )
        }
        guard workers > 1 else {
            return Finding(
                check,
                .warning,
                "http.public_url is not set, so agents in workspaces call 127.0.0.1, where only those on this machine are",
                remedy: "Set it to the URL by which workspaces reach this worker."
            )
        }
        return Finding(
            check,
            .warning,
            "http.public_url is not set, and each of \(workers) workers gives agents its own address",
            remedy: "Set it to the same URL on all of them, usually a load balancer's."
        )
    }

    private func endpoints(_ store: Store) async throws -> [Finding] {
        var findings: [Finding] = []
        for endpoint in try await store.endpoints() {
            findings.append(.endpoint(try await store.endpointDetails(endpoint.name)))
        }
        return findings
    }
}
