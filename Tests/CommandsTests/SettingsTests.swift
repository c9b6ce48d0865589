// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Testing

@testable import Commands

@Suite struct SettingsTests {
    private static let file = """
        database:
          pool_size: 3
        worker:
          name: from-file
          concurrency: 2
        """

    private static func settings(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        yaml: String? = nil,
        secrets: [String: String] = [:]
    ) throws -> Settings {
        try Settings(
            flags: flags,
            environment: environment,
            file: yaml == nil ? nil : "stoker.yaml",
            loadFile: { path throws(SettingsError) in try SettingsFile(yaml: yaml ?? "", path: path) },
            readSecret: { secrets[$0] }
        )
    }

    private static func problems(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        yaml: String? = nil
    ) -> [String] {
        do {
            _ = try settings(flags: flags, environment: environment, yaml: yaml).checked()
            return []
        } catch let error as SettingsError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `flags come before the environment, the file and the default`() throws {
        let environment = ["STOKER_WORKER_NAME": "from-environment"]
        let flags = ["worker.name": "from-flag"]
        #expect(try Self.settings()[\.workerName] == nil)
        #expect(try Self.settings(yaml: Self.file)[\.workerName] == "from-file")
        #expect(try Self.settings(environment: environment, yaml: Self.file)[\.workerName] == "from-environment")
        #expect(try Self.settings(flags: flags, environment: environment, yaml: Self.file)[\.workerName] == "from-flag")
    }

    @Test func `every value says where it came from`() throws {
        let settings = try Self.settings(
            flags: ["worker.concurrency": "9"],
            environment: ["STOKER_WORKER_NAME": "x", "STOKER_DATABASE_URL_FILE": "/run/url"],
            yaml: Self.file,
            secrets: ["/run/url": "host=db"]
        )
        let origins = [
            SettingKey[\.concurrency], SettingKey[\.workerName], SettingKey[\.databaseURL], SettingKey[\.poolSize],
            SettingKey[\.drainDeadline],
        ].map { "\(settings.origin(of: $0))" }
        #expect(
            origins == [
                "flag", "STOKER_WORKER_NAME", "/run/url (STOKER_DATABASE_URL_FILE)", "stoker.yaml:2", "default",
            ]
        )
    }

    @Test func `a secret may be given as a file, and the variable itself comes before it`() throws {
        let file = ["STOKER_DATABASE_URL_FILE": "/run/url"]
        let secrets = ["/run/url": "host=secret"]
        #expect(try Self.settings(environment: file, secrets: secrets)[\.databaseURL] == "host=secret")
        let both = file.merging(["STOKER_DATABASE_URL": "host=plain"]) { $1 }
        #expect(try Self.settings(environment: both, secrets: secrets)[\.databaseURL] == "host=plain")
        #expect(
            Self.problems(environment: file) == ["STOKER_DATABASE_URL_FILE: the file '/run/url' cannot be read"]
        )
    }

    @Test func `an empty variable is as good as none`() throws {
        let settings = try Self.settings(environment: ["STOKER_WORKER_NAME": ""], yaml: Self.file)
        #expect(try settings[\.workerName] == "from-file")
    }

    @Test func `an unknown name is an error with its line and what may have been meant`() {
        let yaml = """
            worker:
              concurency: 2
            prebuild:
              reconciliation_interval: 1s
            """
        #expect(
            Self.problems(yaml: yaml) == [
                "stoker.yaml:2: there is no setting 'worker.concurency'; did you mean 'worker.concurrency'?",
                "stoker.yaml:3: there is no setting 'prebuild.reconciliation_interval'; did you mean "
                    + "'prebuilds.reconciliation_interval'?",
            ]
        )
        #expect(
            Self.problems(flags: ["worker.names": "x"]) == [
                "there is no setting 'worker.names'; did you mean 'worker.name'?"
            ]
        )
    }

    @Test func `a value of the wrong kind says what was expected, wherever it stands`() {
        #expect(
            Self.problems(yaml: "worker:\n  concurrency: many\n") == [
                "stoker.yaml:2: 'worker.concurrency': expected a whole number from 1 to 1000, found 'many'"
            ]
        )
        #expect(
            Self.problems(environment: ["STOKER_WORKER_LEASE_DURATION": "60"]) == [
                "STOKER_WORKER_LEASE_DURATION: expected a duration of at least 1s, such as 15s, 1m or 24h, found '60'"
            ]
        )
        #expect(
            Self.problems(flags: ["terraform.replacement_policy": "never"]) == [
                "terraform.replacement_policy: expected one of warn, block, fresh, found 'never'"
            ]
        )
        #expect(
            Self.problems(yaml: "worker:\n  name: {a: b}\n") == [
                "stoker.yaml:2: 'worker.name': expected text, found a mapping"
            ]
        )
        #expect(Self.problems(yaml: "worker:\n  tags: [a]\n").first?.contains("expected a JSON object") == true)
    }

    @Test func `all problems are told at once, and a secret is never repeated`() {
        let yaml = "database:\n  url: [secret]\n  pool_size: 0\nhttp:\n  address: []\n"
        let problems = Self.problems(yaml: yaml)
        #expect(problems.count == 3)
        #expect(!problems.contains { $0.contains("'secret'") })
        #expect(
            Self.problems(flags: ["notifications.allow_plain_http": "perhaps"]) == [
                "notifications.allow_plain_http: expected true or false, found 'perhaps'"
            ]
        )
    }

    @Test func `a wrong value is refused where it is read, and nowhere else`() throws {
        let settings = try Self.settings(environment: ["STOKER_WORKER_CONCURRENCY": "many"], yaml: Self.file)
        #expect(try settings[\.workerName] == "from-file")
        let problem = "STOKER_WORKER_CONCURRENCY: expected a whole number from 1 to 1000, found 'many'"
        #expect(throws: SettingsError(problem)) { try settings[\.concurrency] }
        #expect(throws: SettingsError(problem)) { try settings.checked() }
        let unreadable = try Self.settings(environment: ["STOKER_TOKEN_FILE": "/nowhere"])
        #expect(try unreadable[\.server] == nil)
        #expect(throws: SettingsError.self) { try unreadable[\.token] }
    }

    @Test func `lists are lists in the file, and commas elsewhere`() throws {
        let networks = ["10.0.0.0/8", "192.168.0.0/16"]
        let yaml = "notifications:\n  allow_networks: [10.0.0.0/8, 192.168.0.0/16]\n"
        let variables = ["STOKER_NOTIFICATIONS_ALLOW_NETWORKS": "10.0.0.0/8,192.168.0.0/16"]
        #expect(try Self.settings(yaml: yaml)[\.allowNetworks] == networks)
        #expect(try Self.settings(environment: variables)[\.allowNetworks] == networks)
        #expect(
            try Self.settings(flags: ["notifications.allow_networks": "10.0.0.0/8, 192.168.0.0/16"])[\.allowNetworks]
                == networks
        )
    }

    @Test func `tags may be a mapping of the file or JSON`() throws {
        let json = #"{"owner":"","scope":"organization"}"#
        #expect(try Self.settings(yaml: "worker:\n  tags: {scope: organization, owner: ''}\n")[\.workerTags] == json)
        #expect(try Self.settings(environment: ["STOKER_WORKER_TAGS": json])[\.workerTags] == json)
    }

    @Test func `a file that is no YAML, or says a thing twice, is refused at its line`() {
        #expect(Self.problems(yaml: "worker: [").first?.hasPrefix("stoker.yaml:") == true)
        #expect(Self.problems(yaml: "worker:\n  name: a\n  name: b\n").first?.contains("stands there twice") == true)
        #expect(Self.problems(yaml: "worker: fast\n") == ["stoker.yaml:1: 'worker' holds settings, not a value"])
    }

    @Test func `a missing file is an error`() {
        #expect(
            throws: SettingsError([
                "/nowhere/x.yaml: the configuration file cannot be read; see that it exists and may be read"
            ])
        ) {
            try Settings(file: "/nowhere/x.yaml")
        }
    }

    @Test func `libpq's own variables are used when no URL is set`() throws {
        let settings = try Self.settings(environment: ["PGHOST": "db", "HOME": "/home/x"])
        #expect(try DatabaseAddress(settings) == DatabaseAddress(url: "", source: .libpqVariables))
        #expect(try DatabaseAddress.isConfigured(in: settings))
        let both = try Self.settings(environment: ["PGHOST": "db", "STOKER_DATABASE_URL": "host=other"])
        #expect(
            try DatabaseAddress(both)
                == DatabaseAddress(url: "host=other", source: .setting(.environment("STOKER_DATABASE_URL")))
        )
    }

    @Test func `a direct way to listen means that the other is a pooler's`() throws {
        let settings = try Self.settings(
            environment: ["STOKER_DATABASE_URL": "host=pooler", "STOKER_DATABASE_LISTEN_URL": "host=db"]
        )
        let address = try DatabaseAddress(settings)
        #expect(address.configuration.connectionString == "host=pooler")
        #expect(address.configuration.behindPooler)
        #expect(address.directConfiguration.connectionString == "host=db")
        #expect(!address.directConfiguration.behindPooler)
    }
}
