// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Templates
import Testing

@Suite struct TemplateManifestTests {
    private static let module = """
        variable "region" {
          type = string
          description = "Where."
          validation {
            condition = contains(["us", "eu"], var.region)
            error_message = "us or eu"
          }
        }
        variable "image" { default = "nix" }
        variable "sizes" {
          type = list(number)
          default = []
        }
        variable "stoker_workspace_owner" { default = "" }
        """

    @Test func `a template's file and module become one manifest`() throws {
        let read = try manifest(
            """
            name: go-dev
            display_name: Go
            description: |
              For Go.
            icon: 🐹
            provisioner: terraform          # or process
            parameters:
              region: { mutable: true, display_order: 9 }
              image:
                description: The image.
                options: [nix, 1.10]
            agents: [main]
            tags: { gpu: true, zone: "" }
            presets:
              - name: us-nix
                default: true
                parameters: { region: us, image: 1.10, sizes: [1, 2.50] }
                prebuilds:
                  instances: 0
                  weight: 3
                  autoscale: { mode: apply, goal: 0.9, min: 2, max: 30 }
                  expiration_policy: { ttl: 1h30m }
                  scheduling:
                    timezone: Europe/Berlin
                    schedule:
                      - { cron: "* 8-18 * * 1-5", instances: 3 }
                      - { cron: "* 8-14 * * 6",   instances: 1 }
              - name: bare
                parameters: { region: eu }
            """,
            module: Self.module
        )
        let region = TemplateParameter(
            name: "region",
            description: "Where.",
            mutable: true,
            options: ["us", "eu"],
            rules: ParameterRules(conditions: [.init(#"contains(["us", "eu"], var.region)"#, errorMessage: "us or eu")]
            ),
            displayOrder: 9
        )
        let image = TemplateParameter(
            name: "image",
            description: "The image.",
            defaultValue: "nix",
            required: false,
            options: ["nix", "1.10"],
            displayOrder: 1
        )
        let sizes = TemplateParameter(
            name: "sizes",
            type: "list(number)",
            defaultValue: "[]",
            required: false,
            displayOrder: 2
        )
        let expected = TemplateManifest(
            name: "go-dev",
            displayName: "Go",
            description: "For Go.\n",
            icon: "🐹",
            tags: ["gpu": "true", "zone": ""],
            parameters: [image, sizes, region],
            agents: ["main"],
            presets: [
                TemplatePreset(
                    name: "us-nix",
                    isDefault: true,
                    parameters: ["region": "us", "image": "1.10", "sizes": "[1,2.5]"],
                    prebuilds: PrebuildSettings(
                        instances: 0,
                        ttlSeconds: 5_400,
                        weight: 3,
                        timezone: "Europe/Berlin",
                        schedule: [
                            .init(cron: "* 8-18 * * 1-5", instances: 3), .init(cron: "* 8-14 * * 6", instances: 1),
                        ],
                        autoscale: AutoscaleSettings(mode: .apply, goal: 0.9, min: 2, max: 30)
                    )
                ),
                TemplatePreset(name: "bare", parameters: ["region": "eu"]),
            ]
        )
        #expect(read == expected)
        #expect(region.optionsJSON == #"["us","eu"]"#)
        #expect(
            region.validation
                == #"{"conditions":[{"condition":"contains([\"us\", \"eu\"], var.region)","error_message":"us or eu"}]}"#
        )
    }

    @Test func `a process template's parameters come from its file alone`() throws {
        let read = try manifest(
            """
            name: p
            provisioner: process
            parameters:
              image: { default: base, options: [base, full], mutable: true }
              size: { type: number, required: false, validation: { min: 1, max: 2.5, error: "1 to 2.5" } }
              tags: { type: list(string), default: [a, "${b}"] }
              key: { sensitive: true, validation: { regex: "^k" } }
              bare:
            presets:
              - { name: one, parameters: { key: k1, bare: "x", tags: [] }, prebuilds: { instances: 2 } }
            """
        )
        let expected = TemplateManifest(
            name: "p",
            provisioner: .process,
            executable: "provision",
            parameters: [
                TemplateParameter(
                    name: "image",
                    mutable: true,
                    defaultValue: "base",
                    required: false,
                    options: ["base", "full"]
                ),
                TemplateParameter(
                    name: "size",
                    type: "number",
                    required: false,
                    rules: ParameterRules(minimum: 1, maximum: 2.5, error: "1 to 2.5"),
                    displayOrder: 1
                ),
                TemplateParameter(
                    name: "tags",
                    type: "list(string)",
                    defaultValue: #"["a","${b}"]"#,
                    required: false,
                    displayOrder: 2
                ),
                TemplateParameter(name: "key", sensitive: true, rules: ParameterRules(regex: "^k"), displayOrder: 3),
                TemplateParameter(name: "bare", displayOrder: 4),
            ],
            presets: [
                TemplatePreset(
                    name: "one",
                    parameters: ["key": "k1", "bare": "x", "tags": "[]"],
                    prebuilds: PrebuildSettings(instances: 2)
                )
            ]
        )
        #expect(read == expected)
        #expect(read.parameters[1].validation == #"{"min":1.0,"max":2.5,"error":"1 to 2.5"}"#)
        #expect(read.parameters[0].validation == "{}")
    }

    @Test func `a list that looks like a template is text all the same`() throws {
        let read = try manifest(
            """
            name: t
            presets:
              - { name: a, parameters: { l: ["${x}"], m: { "%{k}": null, n: true }, a: text, s: "${x}" } }
            """,
            module: """
                variable "l" { type = list(string) }
                variable "m" { type = map(any) }
                variable "a" { type = any }
                variable "s" { type = string }
                """
        )
        #expect(
            read.presets.map(\.parameters) == [
                ["l": #"["${x}"]"#, "m": #"{"%{k}":null,"n":true}"#, "a": #""text""#, "s": "${x}"]
            ]
        )
    }

    @Test func `anchors and aliases are values like others`() throws {
        let read = try manifest(
            """
            name: t
            provisioner: echo
            presets:
              - { name: a, prebuilds: &pool { instances: 2 } }
              - { name: b, prebuilds: *pool }
            """
        )
        #expect(read.presets.map(\.prebuilds) == [PrebuildSettings(instances: 2), PrebuildSettings(instances: 2)])
    }

    @Test(arguments: [
        ("name: a\nprovisioner: echo", "stoker.yaml:1:1: presets: there are no presets, so no pool will be kept"),
        (
            "name: a\nprovisioner: echo\npresets: [{ name: x }]",
            "stoker.yaml:3:10: presets: no preset has prebuilds, so no pool will be kept"
        ),
        (
            "name: a\nprovisioner: echo\npresets:\n- { name: x, prebuilds: { instances: 0 } }",
            "stoker.yaml:4:3: presets[0].prebuilds: this pool is always empty; set instances above 0, here or in a schedule"
        ),
    ])
    func `what keeps no pool is warned of`(_ yaml: String, _ warning: String) throws {
        #expect(try manifest(yaml).warnings.map(\.description) == [warning])
    }

    @Test func `a required parameter may be left to the claimant where there is no pool`() throws {
        let read = try manifest("name: a\npresets:\n- name: x", module: "variable \"r\" {}")
        #expect(
            read.warnings.first?.description
                == "stoker.yaml:3:3: presets[0].parameters.r: preset 'x' leaves this required parameter to whoever uses it"
        )
    }

    @Test(arguments: [
        ("24h", 86_400), ("90m", 5_400), ("30s", 30), ("1h30m", 5_400), ("7d", 604_800), ("0", 0), ("1d2h3m4s", 93_784),
    ])
    func `durations are read`(_ text: String, _ seconds: Int) throws {
        let yaml = """
            name: a
            provisioner: echo
            presets: [{ name: x, prebuilds: { instances: 1, expiration_policy: { ttl: \(text) } } }]
            """
        #expect(try manifest(yaml).presets.first?.prebuilds?.ttlSeconds == seconds)
    }

    @Test func `without the module at hand a Terraform template's file can still be read`() throws {
        let read = try TemplateManifest(
            yaml: "name: a\nparameters: { x: { mutable: true } }\npresets: [{ name: p, parameters: { x: 1 } }]",
            timeZoneExists: isTestZone
        )
        #expect(read.parameters == [])
        #expect(read.presets == [TemplatePreset(name: "p", parameters: ["x": "1"])])
    }
}
