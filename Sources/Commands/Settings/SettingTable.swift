// SPDX-License-Identifier: Apache-2.0

import Logging
import Provisioning
import Telemetry

/// Every setting there is, in the order in which the default file and the documentation show them.
///
/// Precedence, `stoker config print`, the table of the documentation and the suggestions for unknown names are made of it.
struct SettingTable: Sendable {
    let dataDirectory = Setting<String?>(
        "data_directory",
        defaultNote: "/var/lib/stoker for root, else $XDG_DATA_HOME/stoker or ~/.local/share/stoker",
        "Where 'stoker up' keeps its Postgres, and workers their work directories."
    )
    let databaseURL = Setting<String?>(
        "database.url",
        defaultNote: "the database of a running 'stoker up', else libpq's defaults",
        isSecret: true,
        "How to reach Postgres: a URL or libpq's key=value words. libpq's own variables fill what it leaves open."
    )
    let listenURL = Setting<String?>(
        "database.listen_url",
        defaultNote: "database.url",
        isSecret: true,
        "A direct way to the same database for LISTEN, when database.url leads to a pooler in transaction mode."
    )
    let poolSize = Setting<Int>(
        "database.pool_size",
        1...256,
        default: 8,
        "How many sessions a process holds at most, besides those for heartbeats, listening and notifying."
    )
    let workerName = Setting<String?>(
        "worker.name",
        defaultNote: "the host's name",
        "What the worker is called in lists and logs. Several may share a name."
    )
    let concurrency = Setting<Int>("worker.concurrency", 1...1000, default: 4, "How many jobs a worker runs at once.")
    let workerTags = Setting<String>(
        object: "worker.tags",
        default: #"{"scope":"organization","owner":""}"#,
        "Jobs run only where the worker's tags contain theirs."
    )
    let workerOrganizations = Setting<[String]>(
        "worker.organizations",
        "The organizations that the worker runs jobs of, by name; none: all."
    )
    let reservedSlots = Setting<Int>(
        "worker.reserved_interactive_slots",
        0...1000,
        default: 0,
        "How many of them the refill of pools never takes."
    )
    let leaseDuration = Setting<Duration>(
        "worker.lease_duration",
        atLeast: .seconds(1),
        default: .seconds(60),
        "How long a worker that is not heard from keeps its jobs."
    )
    let heartbeatInterval = Setting<Duration>(
        "worker.heartbeat_interval",
        atLeast: .milliseconds(100),
        default: .seconds(10),
        "How often a worker renews its lease; at most a third of it."
    )
    let drainDeadline = Setting<Duration>(
        "worker.drain_deadline",
        default: .seconds(1800),
        "How long running jobs may go on when a worker stops; then they are handed to another."
    )
    let buildTimeout = Setting<Duration>(
        "worker.build_timeout",
        atLeast: .seconds(1),
        default: .seconds(3600),
        "How long a build may take."
    )
    let importTimeout = Setting<Duration>(
        "worker.import_timeout",
        atLeast: .seconds(1),
        default: .seconds(600),
        "How long the import of a template may take."
    )
    let outputTimeout = Setting<Duration>(
        "worker.output_timeout",
        atLeast: .seconds(1),
        default: .seconds(1200),
        "How long a build or import may print nothing."
    )
    let interruptGrace = Setting<Duration>(
        "worker.interrupt_grace",
        default: .seconds(120),
        "How long an interrupted build has before it is killed."
    )
    let maxStateSize = Setting<Int>(
        "worker.max_state_size",
        bytes: 1 << 10...256 << 20,
        default: 64 << 20,
        "How large the state of a workspace may be. A build that makes a larger one fails, and keeps the last that was not."
    )
    let workDirectory = Setting<String?>(
        "worker.work_directory",
        defaultNote: "work, below data_directory",
        "Where builds run and unpacked templates are kept. Equal on all workers: templates see it in path.cwd."
    )
    let templateEnvironment = Setting<[String]>(
        "worker.template_environment",
        "Further variables of the worker's environment that templates see, such as AWS_*. Its own secrets never are."
    )
    let isolation = Setting<Isolation.Mode>(
        "worker.isolation",
        default: .bestEffort,
        "Whether templates are kept from what is not theirs: only so, as far as this machine can, or not at all."
    )
    let templatePaths = Setting<[String]>(
        "worker.template_paths",
        "Further files and directories that templates may read and execute; they may write to one that ends with ':write'."
    )
    let templateUser = Setting<String?>(
        "worker.template_user",
        defaultNote: "a user of its own for each workspace",
        "Who templates run as when the worker is root's: the name or number of a user."
    )
    let templateProcesses = Setting<Int>(
        "worker.template_processes",
        0...4_194_304,
        default: 4096,
        "How many processes and threads the user that templates run as may have on this machine; 0: as many as the worker."
    )
    let templateOpenFiles = Setting<Int>(
        "worker.template_open_files",
        0...1_048_576,
        default: 65_536,
        "How many files each process of a template may have open; 0: as many as the worker."
    )
    let templateFileSize = Setting<Int>(
        "worker.template_file_size",
        bytes: 0...1 << 40,
        default: 16 << 30,
        "How large a file that a template writes may be; 0: as large as the worker's."
    )
    let reconciliationInterval = Setting<Duration>(
        "prebuilds.reconciliation_interval",
        atLeast: .milliseconds(100),
        default: .seconds(15),
        "How often pools are looked at when nothing calls for it."
    )
    let backoffInterval = Setting<Duration>(
        "prebuilds.reconciliation_backoff_interval",
        default: .seconds(60),
        "How long a pool waits for each recent failure before it builds again."
    )
    let backoffLookback = Setting<Duration>(
        "prebuilds.reconciliation_backoff_lookback",
        default: .seconds(3600),
        "How long a failure counts as recent."
    )
    let hardLimit = Setting<Int>(
        "prebuilds.failure_hard_limit",
        0...1000,
        default: 3,
        "After so many failed prebuilds in a row a preset builds no more until it is reset; 0: never."
    )
    let maxPendingJobs = Setting<Int>(
        "prebuilds.max_pending_jobs",
        0...1_000_000,
        default: 0,
        "How many jobs of pools may wait in the queue; 0: any number."
    )
    let pendingTimeout = Setting<Duration>(
        "prebuilds.pending_timeout",
        atLeast: .seconds(1),
        default: .seconds(1800),
        "How long a prebuild may wait for a worker before it is given up, and ordered anew."
    )
    let retention = Setting<Duration>(
        "retention.period",
        atLeast: .seconds(3600),
        default: .seconds(30 * 86_400),
        "After which finished jobs, logs, decisions, events and deliveries are removed."
    )
    let terraformBinary = Setting<String?>(
        "terraform.binary",
        defaultNote: "terraform, else tofu, on PATH",
        "The Terraform or OpenTofu to run, 1.1 or newer."
    )
    let terraformPlugins = Setting<String?>(
        "terraform.plugin_directory",
        "A local mirror of providers; with it, nothing is downloaded."
    )
    let replacementPolicy = Setting<ReplacementPolicy>(
        "terraform.replacement_policy",
        default: .warn,
        "What a claim does when Terraform would replace resources of the prebuild: go on, fail, or build a new one."
    )
    let httpAddress = Setting<String>(
        "http.address",
        default: "127.0.0.1:8080",
        "Where health, metrics and the page are served: host:port."
    )
    let publicURL = Setting<String?>(
        "http.public_url",
        defaultNote: "http:// and http.address",
        "Where workspaces reach the API, the same for all workers: the URL of a load balancer, as a rule."
    )
    let requestRate = Setting<Int>(
        "http.request_rate",
        0...100_000,
        default: 50,
        "How many requests a second the API takes of one user or address, and twice as many at once; 0: any number."
    )
    let tokensPerUser = Setting<Int>(
        "http.tokens_per_user",
        1...100_000,
        default: 100,
        "How many API tokens a user may have; expired ones make room."
    )
    let webhookURL = Setting<String?>(
        "notifications.webhook.url",
        isSecret: true,
        "One webhook endpoint, called 'configuration'. More can be added with 'stoker webhooks add'."
    )
    let webhookSecret = Setting<String?>(
        "notifications.webhook.secret",
        isSecret: true,
        "The secret that its requests are signed with: whsec_ and 24 to 64 bytes in base64."
    )
    let allowNetworks = Setting<[String]>(
        "notifications.allow_networks",
        "Private networks that webhooks may reach, such as 10.1.0.0/16. Public addresses need no entry."
    )
    let allowPlainHTTP = Setting<Bool>(
        "notifications.allow_plain_http",
        default: false,
        "Whether webhooks may go to other machines without TLS."
    )
    let webhookAuthorities = Setting<String?>(
        "notifications.ca_file",
        defaultNote: "the system's certificates",
        "A PEM file with the only certificate authorities that webhooks trust."
    )
    let webhookProxy = Setting<String?>(
        "notifications.proxy",
        isSecret: true,
        "The URL of a proxy for webhooks, or 'environment' for what https_proxy says; else none is used."
    )
    let encryptionKey = Setting<String?>(
        "encryption.key",
        isSecret: true,
        "32 bytes in base64. With it, Terraform states and webhook secrets are encrypted in the database."
    )
    let logLevel = Setting<Logger.Level>(
        "log.level",
        default: .info,
        "What workers log: lines of this level and above, on standard error."
    )
    let logFormat = Setting<LogFormat>("log.format", default: .text, "How: for people, or one JSON object a line.")
    let server = Setting<String?>(
        "server",
        "The Stoker that commands ask instead of the database, such as https://stoker.example."
    )
    let token = Setting<String?>(
        "token",
        isSecret: true,
        "The token that they ask it with; 'stoker tokens add' makes one."
    )
}

extension SettingTable {
    static let shared = SettingTable()
}

extension SettingKey {
    /// Of every setting, in the table's order.
    static let all = Mirror(reflecting: SettingTable.shared).children.compactMap { ($0.value as? any AnySetting)?.key }

    static subscript<Value>(_ setting: KeyPath<SettingTable, Setting<Value>>) -> SettingKey {
        SettingTable.shared[keyPath: setting].key
    }
}
