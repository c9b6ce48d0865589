// SPDX-License-Identifier: Apache-2.0

import Provisioning

// Every setting there is. Precedence, `stoker config print`, the table of the documentation and the suggestions for unknown
// names are made of `SettingKey.all`.

extension Setting where Value == String? {
    static let dataDirectory = Setting(
        "data_directory",
        .optionalText,
        default: nil,
        defaultNote: "/var/lib/stoker for root, else $XDG_DATA_HOME/stoker or ~/.local/share/stoker",
        "Where 'stoker up' keeps its Postgres, and workers their work directories."
    )
    static let databaseURL = Setting(
        "database.url",
        .optionalText,
        default: nil,
        defaultNote: "the database of a running 'stoker up', else libpq's defaults",
        isSecret: true,
        "How to reach Postgres: a URL or libpq's key=value words. libpq's own variables fill what it leaves open."
    )
    static let listenURL = Setting(
        "database.listen_url",
        .optionalText,
        default: nil,
        defaultNote: "database.url",
        isSecret: true,
        "A direct way to the same database for LISTEN, when database.url leads to a pooler in transaction mode."
    )
    static let workerName = Setting(
        "worker.name",
        .optionalText,
        default: nil,
        defaultNote: "the host's name",
        "What the worker is called in lists and logs. Several may share a name."
    )
    static let workDirectory = Setting(
        "worker.work_directory",
        .optionalText,
        default: nil,
        defaultNote: "work, below data_directory",
        "Where builds run and unpacked templates are kept. Equal on all workers: templates see it in path.cwd."
    )
    static let templateUser = Setting(
        "worker.template_user",
        .optionalText,
        default: nil,
        defaultNote: "a user of its own for each workspace",
        "Who templates run as when the worker is root's: the name or number of a user."
    )
    static let terraformBinary = Setting(
        "terraform.binary",
        .optionalText,
        default: nil,
        defaultNote: "terraform, else tofu, on PATH",
        "The Terraform or OpenTofu to run, 1.1 or newer."
    )
    static let terraformPlugins = Setting(
        "terraform.plugin_directory",
        .optionalText,
        default: nil,
        "A local mirror of providers; with it, nothing is downloaded."
    )
    static let publicURL = Setting(
        "http.public_url",
        .optionalText,
        default: nil,
        defaultNote: "http:// and http.address",
        "Where workspaces reach the API, the same for all workers: the URL of a load balancer, as a rule."
    )
    static let webhookURL = Setting(
        "notifications.webhook.url",
        .optionalText,
        default: nil,
        isSecret: true,
        "One webhook endpoint, called 'configuration'. More can be added with 'stoker webhooks add'."
    )
    static let webhookSecret = Setting(
        "notifications.webhook.secret",
        .optionalText,
        default: nil,
        isSecret: true,
        "The secret that its requests are signed with: whsec_ and 24 to 64 bytes in base64."
    )
    static let webhookAuthorities = Setting(
        "notifications.ca_file",
        .optionalText,
        default: nil,
        defaultNote: "the system's certificates",
        "A PEM file with the only certificate authorities that webhooks trust."
    )
    static let webhookProxy = Setting(
        "notifications.proxy",
        .optionalText,
        default: nil,
        isSecret: true,
        "The URL of a proxy for webhooks, or 'environment' for what https_proxy says; else none is used."
    )
    static let encryptionKey = Setting(
        "encryption.key",
        .optionalText,
        default: nil,
        isSecret: true,
        "32 bytes in base64. With it, Terraform states and webhook secrets are encrypted in the database."
    )
}

extension Setting where Value == String? {
    static let server = Setting(
        "server",
        .optionalText,
        default: nil,
        "The Stoker that commands ask instead of the database, such as https://stoker.example."
    )
    static let token = Setting(
        "token",
        .optionalText,
        default: nil,
        isSecret: true,
        "The token that they ask it with; 'stoker tokens add' makes one."
    )
}

extension Setting where Value == String {
    static let workerTags = Setting(
        "worker.tags",
        .object,
        default: #"{"scope":"organization","owner":""}"#,
        "Jobs run only where the worker's tags contain theirs."
    )
    static let httpAddress = Setting(
        "http.address",
        .text,
        default: "127.0.0.1:8080",
        "Where health, metrics and the page are served: host:port."
    )
}

extension Setting where Value == Int {
    static let requestRate = Setting(
        "http.request_rate",
        .integer(0...100_000),
        default: 50,
        "How many requests a second the API takes of one user or address, and twice as many at once; 0: any number."
    )
    static let tokensPerUser = Setting(
        "http.tokens_per_user",
        .integer(1...100_000),
        default: 100,
        "How many API tokens a user may have; expired ones make room."
    )
    static let poolSize = Setting(
        "database.pool_size",
        .integer(1...256),
        default: 8,
        "How many sessions a process holds at most, besides those for heartbeats, listening and notifying."
    )
    static let maxStateSize = Setting(
        "worker.max_state_size",
        .size(1 << 10...256 << 20),
        default: 64 << 20,
        "How large the state of a workspace may be. A build that makes a larger one fails, and keeps the last that was not."
    )
    static let concurrency = Setting(
        "worker.concurrency",
        .integer(1...1000),
        default: 4,
        "How many jobs a worker runs at once."
    )
    static let reservedSlots = Setting(
        "worker.reserved_interactive_slots",
        .integer(0...1000),
        default: 0,
        "How many of them the refill of pools never takes."
    )
    static let templateProcesses = Setting(
        "worker.template_processes",
        .integer(0...4_194_304),
        default: 4096,
        "How many processes and threads the user that templates run as may have on this machine; 0: as many as the worker."
    )
    static let templateOpenFiles = Setting(
        "worker.template_open_files",
        .integer(0...1_048_576),
        default: 65_536,
        "How many files each process of a template may have open; 0: as many as the worker."
    )
    static let templateFileSize = Setting(
        "worker.template_file_size",
        .size(0...1 << 40),
        default: 16 << 30,
        "How large a file that a template writes may be; 0: as large as the worker's."
    )
    static let hardLimit = Setting(
        "prebuilds.failure_hard_limit",
        .integer(0...1000),
        default: 3,
        "After so many failed prebuilds in a row a preset builds no more until it is reset; 0: never."
    )
    static let maxPendingJobs = Setting(
        "prebuilds.max_pending_jobs",
        .integer(0...1_000_000),
        default: 0,
        "How many jobs of pools may wait in the queue; 0: any number."
    )
}

extension Setting where Value == Bool {
    static let allowPlainHTTP = Setting(
        "notifications.allow_plain_http",
        .flag,
        default: false,
        "Whether webhooks may go to other machines without TLS."
    )
}

extension Setting where Value == [String] {
    static let templateEnvironment = Setting(
        "worker.template_environment",
        .list,
        default: [],
        "Further variables of the worker's environment that templates see, such as AWS_*. Its own secrets never are."
    )
    static let templatePaths = Setting(
        "worker.template_paths",
        .list,
        default: [],
        "Further files and directories that templates may read and execute; they may write to one that ends with ':write'."
    )
    static let workerOrganizations = Setting(
        "worker.organizations",
        .list,
        default: [],
        "The organizations that the worker runs jobs of, by name; none: all."
    )
    static let allowNetworks = Setting(
        "notifications.allow_networks",
        .list,
        default: [],
        "Private networks that webhooks may reach, such as 10.1.0.0/16. Public addresses need no entry."
    )
}

extension Setting where Value == ReplacementPolicy {
    static let replacementPolicy = Setting(
        "terraform.replacement_policy",
        .choice,
        default: .warn,
        "What a claim does when Terraform would replace resources of the prebuild: go on, fail, or build a new one."
    )
}

extension Setting where Value == Isolation.Mode {
    static let isolation = Setting(
        "worker.isolation",
        .choice,
        default: .bestEffort,
        "Whether templates are kept from what is not theirs: only so, as far as this machine can, or not at all."
    )
}

extension Setting where Value == Duration {
    static let leaseDuration = Setting(
        "worker.lease_duration",
        .duration(atLeast: .seconds(1)),
        default: .seconds(60),
        "How long a worker that is not heard from keeps its jobs."
    )
    static let heartbeatInterval = Setting(
        "worker.heartbeat_interval",
        .duration(atLeast: .milliseconds(100)),
        default: .seconds(10),
        "How often a worker renews its lease; at most a third of it."
    )
    static let drainDeadline = Setting(
        "worker.drain_deadline",
        .duration(),
        default: .seconds(1800),
        "How long running jobs may go on when a worker stops; then they are handed to another."
    )
    static let buildTimeout = Setting(
        "worker.build_timeout",
        .duration(atLeast: .seconds(1)),
        default: .seconds(3600),
        "How long a build may take."
    )
    static let importTimeout = Setting(
        "worker.import_timeout",
        .duration(atLeast: .seconds(1)),
        default: .seconds(600),
        "How long the import of a template may take."
    )
    static let outputTimeout = Setting(
        "worker.output_timeout",
        .duration(atLeast: .seconds(1)),
        default: .seconds(1200),
        "How long a build or import may print nothing."
    )
    static let interruptGrace = Setting(
        "worker.interrupt_grace",
        .duration(),
        default: .seconds(120),
        "How long an interrupted build has before it is killed."
    )
    static let reconciliationInterval = Setting(
        "prebuilds.reconciliation_interval",
        .duration(atLeast: .milliseconds(100)),
        default: .seconds(15),
        "How often pools are looked at when nothing calls for it."
    )
    static let backoffInterval = Setting(
        "prebuilds.reconciliation_backoff_interval",
        .duration(),
        default: .seconds(60),
        "How long a pool waits for each recent failure before it builds again."
    )
    static let backoffLookback = Setting(
        "prebuilds.reconciliation_backoff_lookback",
        .duration(),
        default: .seconds(3600),
        "How long a failure counts as recent."
    )
    static let pendingTimeout = Setting(
        "prebuilds.pending_timeout",
        .duration(atLeast: .seconds(1)),
        default: .seconds(1800),
        "How long a prebuild may wait for a worker before it is given up, and ordered anew."
    )
    static let retention = Setting(
        "retention.period",
        .duration(atLeast: .seconds(3600)),
        default: .seconds(30 * 86_400),
        "After which finished jobs, logs, decisions, events and deliveries are removed."
    )
}
