// SPDX-License-Identifier: Apache-2.0

import Logging
import Provisioning
import Telemetry

/// All settings, in the order in which the default file and the documentation show them.
///
/// Precedence, `stoker config print`, the table of the documentation and the suggestions for unknown names are derived
/// from it.
struct SettingTable: Sendable {
    let dataDirectory = Setting<String?>(
        "data_directory",
        defaultNote: "/var/lib/stoker for root, else $XDG_DATA_HOME/stoker or ~/.local/share/stoker",
        "The directory of the Postgres of 'stoker up', and of the workers' work directories."
    )
    let databaseURL = Setting<String?>(
        "database.url",
        defaultNote: "the database of a running 'stoker up', or libpq's defaults",
        isSecret: true,
        "How to reach Postgres: a URL or libpq's key=value words. libpq's variables fill in what is missing."
    )
    let listenURL = Setting<String?>(
        "database.listen_url",
        defaultNote: "database.url",
        isSecret: true,
        "A direct address of the same database for LISTEN, needed when database.url is a pooler in transaction mode."
    )
    let poolSize = Setting<Int>(
        "database.pool_size",
        1...256,
        default: 8,
        "The most database sessions of a process, besides those for heartbeats, listening and notifying."
    )
    let workerName = Setting<String?>(
        "worker.name",
        defaultNote: "the host's name",
        "The worker's name in lists and logs. Several workers may share a name."
    )
    let concurrency = Setting<Int>("worker.concurrency", 1...1000, default: 4, "How many jobs a worker runs at once.")
    let workerTags = Setting<String>(
        object: "worker.tags",
        default: #"{"scope":"organization","owner":""}"#,
        "Jobs run only where the worker's tags contain theirs."
    )
    let workerOrganizations = Setting<[String]>(
        "worker.organizations",
        "The names of the organizations whose jobs the worker runs; an empty list means all."
    )
    let reservedSlots = Setting<Int>(
        "worker.reserved_interactive_slots",
        0...1000,
        default: 0,
        "How many of these slots are never used by refills of pools."
    )
    let leaseDuration = Setting<Duration>(
        "worker.lease_duration",
        atLeast: .seconds(1),
        default: .seconds(60),
        "How long a worker keeps its jobs without a heartbeat."
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
        "How long running jobs may continue when a worker stops; then another worker takes them over."
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
        "How long a build or import may run without output."
    )
    let interruptGrace = Setting<Duration>(
        "worker.interrupt_grace",
        default: .seconds(120),
        "How long an interrupted build may take to end before it is killed."
    )
    let maxStateSize = Setting<Int>(
        "worker.max_state_size",
        bytes: 1 << 10...256 << 20,
        default: 64 << 20,
        "The largest state of a workspace. A build with a larger one fails, and keeps its last smaller state."
    )
    let workDirectory = Setting<String?>(
        "worker.work_directory",
        defaultNote: "work, below data_directory",
        "The directory of builds and unpacked templates, equal on all workers: templates see it as path.cwd."
    )
    let templateEnvironment = Setting<[String]>(
        "worker.template_environment",
        "More environment variables of the worker that templates get, such as AWS_*. Templates never get its secrets."
    )
    let isolation = Setting<Isolation.Mode>(
        "worker.isolation",
        default: .bestEffort,
        "Whether templates are isolated: required, best_effort (as far as this machine can), or off."
    )
    let templatePaths = Setting<[String]>(
        "worker.template_paths",
        "More paths that templates may read and execute. With the suffix ':write', they may also write there."
    )
    let templateUser = Setting<String?>(
        "worker.template_user",
        defaultNote: "a user of its own for each workspace",
        "The user as whom templates run if the worker runs as root: a name or a number."
    )
    let templateProcesses = Setting<Int>(
        "worker.template_processes",
        0...4_194_304,
        default: 4096,
        "The most processes and threads of the user as whom templates run; 0 means the worker's limit."
    )
    let templateOpenFiles = Setting<Int>(
        "worker.template_open_files",
        0...1_048_576,
        default: 65_536,
        "The most open files of a template's process; 0 means the worker's limit."
    )
    let templateFileSize = Setting<Int>(
        "worker.template_file_size",
        bytes: 0...1 << 40,
        default: 16 << 30,
        "The largest file that a template may write; 0 means the worker's limit."
    )
    let reconciliationInterval = Setting<Duration>(
        "prebuilds.reconciliation_interval",
        atLeast: .milliseconds(100),
        default: .seconds(15),
        "How often pools are reconciled without a notification."
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
        "After so many failed builds in a row, a preset is stopped until it is reset; 0 means never."
    )
    let hardLimitRetry = Setting<Duration>(
        "prebuilds.hard_limit_retry",
        default: .seconds(900),
        "How long a stopped preset waits before one build is tried; twice as long after each that fails; 0 means never."
    )
    let hardLimitRetryMost = Setting<Duration>(
        "prebuilds.hard_limit_retry_most",
        default: .seconds(21_600),
        "The longest time between two such builds."
    )
    let keepFailed = Setting<Int>(
        "prebuilds.keep_failed",
        0...1000,
        default: 2,
        "How many failed prebuilds of a preset are kept; the others are destroyed."
    )
    let keepFailedFor = Setting<Duration>(
        "prebuilds.keep_failed_for",
        default: .seconds(86_400),
        "How long failed prebuilds are kept."
    )
    let maxPendingJobs = Setting<Int>(
        "prebuilds.max_pending_jobs",
        0...1_000_000,
        default: 0,
        "The most waiting jobs of pools in the queue; 0 means no limit."
    )
    let pendingTimeout = Setting<Duration>(
        "prebuilds.pending_timeout",
        atLeast: .seconds(1),
        default: .seconds(1800),
        "How long a prebuild's job may wait for a worker before it is canceled and a new prebuild is ordered."
    )
    let retention = Setting<Duration>(
        "retention.period",
        atLeast: .seconds(3600),
        default: .seconds(30 * 86_400),
        "How long finished jobs, logs, decisions, events, deliveries and the audit log are kept."
    )
    let terraformBinary = Setting<String?>(
        "terraform.binary",
        defaultNote: "terraform or tofu on PATH",
        "The program of Terraform or OpenTofu, 1.1 or newer."
    )
    let terraformPlugins = Setting<String?>(
        "terraform.plugin_directory",
        "A local mirror of providers. With it, nothing is downloaded."
    )
    let replacementPolicy = Setting<ReplacementPolicy>(
        "terraform.replacement_policy",
        default: .warn,
        "If a claim would replace resources of the prebuild: warn and continue, block (fail), or fresh (rebuild)."
    )
    let httpAddress = Setting<String>(
        "http.address",
        default: "127.0.0.1:8080",
        "The address of the HTTP server, for health, metrics, API and page: host:port."
    )
    let publicURL = Setting<String?>(
        "http.public_url",
        defaultNote: "http:// and http.address",
        "The URL by which workspaces reach the API, usually that of a load balancer. Use the same on all workers."
    )
    let requestRate = Setting<Int>(
        "http.request_rate",
        0...100_000,
        default: 50,
        "The rate limit per user or address, in requests per second, with bursts of twice as many; 0 means none."
    )
    let tokensPerUser = Setting<Int>(
        "http.tokens_per_user",
        1...100_000,
        default: 100,
        "The most API tokens of a user; expired ones do not count."
    )
    let webhookURL = Setting<String?>(
        "notifications.webhook.url",
        isSecret: true,
        "The URL of the webhook endpoint 'configuration'. 'stoker webhooks add' adds more endpoints."
    )
    let webhookSecret = Setting<String?>(
        "notifications.webhook.secret",
        isSecret: true,
        "The secret that signs its requests: whsec_ and 24 to 64 bytes in base64."
    )
    let allowNetworks = Setting<[String]>(
        "notifications.allow_networks",
        "Private networks that webhooks may reach, such as 10.1.0.0/16. Public addresses need no entry."
    )
    let allowPlainHTTP = Setting<Bool>(
        "notifications.allow_plain_http",
        default: false,
        "Whether webhooks may be sent to other machines without TLS."
    )
    let webhookAuthorities = Setting<String?>(
        "notifications.ca_file",
        defaultNote: "the system's certificates",
        "A PEM file with the certificate authorities that webhooks trust, instead of the system's."
    )
    let webhookProxy = Setting<String?>(
        "notifications.proxy",
        isSecret: true,
        "The URL of a proxy for webhooks, or 'environment' to use https_proxy. By default, no proxy is used."
    )
    let encryptionKey = Setting<String?>(
        "encryption.key",
        isSecret: true,
        "A key of 32 bytes in base64. With it, states, sensitive outputs and webhook secrets are encrypted in the database."
    )
    let logLevel = Setting<Logger.Level>(
        "log.level",
        default: .info,
        "The lowest level that workers log, on standard error."
    )
    let logFormat = Setting<LogFormat>("log.format", default: .text, "The format of log lines: text or json.")
    let server = Setting<String?>(
        "server",
        "The server that commands use instead of the database, such as https://stoker.example."
    )
    let token = Setting<String?>(
        "token",
        isSecret: true,
        "The token for that server. 'stoker tokens add' creates one."
    )
}

extension SettingTable {
    static let shared = SettingTable()
}

extension SettingKey {
    /// The keys of all settings, in the table's order.
    static let all = Mirror(reflecting: SettingTable.shared).children.compactMap { ($0.value as? any AnySetting)?.key }

    static subscript<Value>(_ setting: KeyPath<SettingTable, Setting<Value>>) -> SettingKey {
        SettingTable.shared[keyPath: setting].key
    }
}
