// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

@Suite struct ManifestErrorTests {
    @Test func `all errors are reported at once, each at its place`() {
        let yaml = """
            nmae: go-dev
            provisioner: teraform
            agents: main
            parameters: { x: { type: string } }
            presets:
              - name: one
                default: true
                parameters: { y: 1 }
                prebuilds:
                  instances: -1
                  expiration_policy: { ttl: 24 hours }
                  scheduling:
                    timezone: Europe/Berlim
                    schedule:
                      - { cron: "* 8-18 * * 1-5", instances: 3 }
                      - { cron: "* 9-99 * * 1", instances: many }
                      - { cron: '* 10 * * 3', instance: 1 }
              - name: one
                default: true
                icon: [x]
            """
        #expect(
            errors(yaml) == [
                "1:1: nmae: there is no such key; did you mean 'name'?",
                "1:1: name: a template needs a name; add 'name: my-template'",
                "2:14: provisioner: expected one of terraform, process, echo, found 'teraform'; did you mean 'terraform'?",
                "3:9: agents: expected a list, found 'main'; begin each item with '- '",
                "10:18: presets[0].prebuilds.instances: expected a whole number from 0 to 100000, found '-1'",
                "11:33: presets[0].prebuilds.expiration_policy.ttl: "
                    + "expected a duration such as 24h, 90m, 30s or 1h30m, found '24 hours'",
                "13:19: presets[0].prebuilds.scheduling.timezone: "
                    + "expected the IANA name of a time zone, found 'Europe/Berlim'; use a name such as UTC or Europe/Berlin",
                "16:26: presets[0].prebuilds.scheduling.schedule[1].cron: "
                    + "schedule '* 9-99 * * 1': hour, character 5: '99' is not within 0 to 23",
                "16:48: presets[0].prebuilds.scheduling.schedule[1].instances: "
                    + "expected a whole number from 0 to 100000, found 'many'",
                "17:13: presets[0].prebuilds.scheduling.schedule[2].instances: "
                    + "expected how many prebuilds to keep; add 'instances'",
                "17:21: presets[0].prebuilds.scheduling.schedule[2].cron: "
                    + "schedules '* 8-18 * * 1-5' and '* 10 * * 3' overlap: both cover Wednesday 1 January, 10:00 to 10:59",
                "17:35: presets[0].prebuilds.scheduling.schedule[2].instance: there is no such key; did you mean 'instances'?",
                "18:11: presets[1].name: 'one' is also the name of presets[0]",
                "19:14: presets[1].default: preset 'one' is the default already; there can be one",
                "20:11: presets[1].icon: expected text, found a list",
            ]
        )
    }

    @Test(arguments: [
        ("", ["1: the file is empty; begin with 'name: my-template'"]),
        (
            "- a",
            [
                "1:1: expected a mapping of name, display_name, description, icon, provisioner, executable, rehearse, "
                    + "tags, parameters, agents, lifetime, presets, found a list"
            ]
        ),
        ("name: [", ["2:1: this is not YAML: while parsing a flow node, did not find expected node content"]),
        ("name: a\nname: b", ["1:1: a key comes twice in one mapping: name"]),
        (
            "name: -a",
            [
                "1:7: name: expected 1 to 64 letters, digits, '-', '_' or '.', and no '-' at either end, found '-a'"
            ]
        ),
        (
            "name: a\nprovisioner: echo\npresets: [{ default: yes }]",
            [
                "3:11: presets[0].name: a preset needs a name",
                "3:22: presets[0].default: expected true or false, found 'yes'",
            ]
        ),
        (
            "name: a\nprovisioner: echo\nagents: [a b, my-agent, My_Agent]",
            [
                "3:10: agents[0]: expected 1 to 64 letters, digits, '-' or '_', found 'a b'",
                "3:25: agents[2]: another agent has this name",
            ]
        ),
        (
            "name: a\nprovisioner: echo\nexecutable: x",
            [
                "3:13: executable: only templates of the provisioner 'process' have an executable"
            ]
        ),
        (
            "name: a\nprovisioner: echo\ntags: { a=b: c, gpu: [1], zone: \"a\\nb\" }\npresets: [{ name: x, prebuilds: { instances: 1, weight: 0 } }]",
            [
                "3:9: tags.a=b: expected a name of 1 to 64 characters on one line, without '='",
                "3:22: tags.gpu: expected text, found a list",
                "3:27: tags.zone: expected a value of at most 256 characters on one line",
                "4:57: presets[0].prebuilds.weight: expected a whole number from 1 to 100, found '0'",
            ]
        ),
        (
            "name: a\nprovisioner: echo\npresets: [{ name: x, prebuilds: { instances: 0, autoscale: { goal: 1, min: 5, max: 4 } } }]",
            [
                "3:60: presets[0].prebuilds.autoscale.mode: expected one of off, advise, apply; add 'mode'",
                "3:68: presets[0].prebuilds.autoscale.goal: expected a share of hits from 0.5 to 0.999, found '1'",
                "3:84: presets[0].prebuilds.autoscale.max: expected at least 5, the minimum, found '4'",
            ]
        ),
        (
            "name: a\nprovisioner: process\nexecutable: ../x",
            [
                "3:13: executable: expected a path inside of the template, such as 'bin/provision'"
            ]
        ),
        (
            "name: a\nprovisioner: echo\npresets: [{ name: x, prebuilds: { expiration_policy: {}, scheduling: {} } }]",
            [
                "3:33: presets[0].prebuilds.instances: expected how many prebuilds to keep; add 'instances'",
                "3:54: presets[0].prebuilds.expiration_policy.ttl: expected an age such as 24h; add 'ttl'",
                "3:70: presets[0].prebuilds.scheduling.timezone: "
                    + "expected an IANA name such as UTC or Europe/Berlin; add 'timezone'",
                "3:70: presets[0].prebuilds.scheduling.schedule: expected a list of {cron, instances}; add 'schedule'",
            ]
        ),
    ])
    func `a wrong file says what was expected`(_ yaml: String, _ expected: [String]) {
        #expect(errors(yaml) == expected)
    }

    @Test(arguments: [
        "1h1h", "1m1h", "h", "1", "-1h", "1.5h", "1h ", "99999999999999999999s", "30000d", "10000d10000d", "1w", "٣h",
    ])
    func `bad durations are refused`(_ text: String) {
        let yaml = """
            name: a
            provisioner: echo
            presets: [{ name: x, prebuilds: { instances: 1, expiration_policy: { ttl: "\(text)" } } }]
            """
        #expect(
            errors(yaml) == [
                "3:75: presets[0].prebuilds.expiration_policy.ttl: "
                    + "expected a duration such as 24h, 90m, 30s or 1h30m, found '\(text)'"
            ]
        )
    }

    @Test func `a preset's values are checked against the module`() {
        let yaml = """
            name: a
            presets:
              - name: p
                parameters: { regoin: eu, count: many, on: "yes", tags: x, image: zz }
                prebuilds: { instances: 1 }
            """
        let module = """
            variable "region" {}
            variable "count" { type = number }
            variable "on" { type = bool }
            variable "tags" { type = list(string) }
            variable "image" {
              validation {
                condition     = contains(["a", "b"], var.image)
                error_message = ""
              }
            }
            """
        #expect(
            errors(yaml, module: module) == [
                "3:5: presets[0].parameters.region: preset 'p' gives no value for this required parameter, "
                    + "so its pool could not be built; add it to the preset's parameters, or give it a default",
                "4:19: presets[0].parameters.regoin: the template has no such parameter; did you mean 'region'?",
                "4:38: presets[0].parameters.count: expected a number, found 'many'",
                "4:48: presets[0].parameters.on: expected true or false, found 'yes'",
                "4:61: presets[0].parameters.tags: expected a list (list(string)), found 'x'",
                "4:71: presets[0].parameters.image: 'zz' is none of the options ('a', 'b')",
            ]
        )
    }

    @Test func `what the module says may not be said again, nor of variables it lacks`() {
        let yaml = """
            name: a
            parameters:
              region: { type: number, default: 3 }
              regions: {}
              stoker_claim: {}
              zzz: {}
            """
        #expect(
            errors(yaml, module: "\nvariable \"region\" {}") == [
                "3:19: parameters.region.type: the module says this; "
                    + "remove it here and write it in variable 'region' at main.tf:2",
                "3:36: parameters.region.default: the module says this; "
                    + "remove it here and write it in variable 'region' at main.tf:2",
                "4:3: parameters.regions: the module has no such variable; did you mean 'region'?",
                "5:3: parameters.stoker_claim: names that begin with 'stoker_' are given by Stoker",
                "6:3: parameters.zzz: the module has no such variable; known here: region",
            ]
        )
    }

    @Test func `a process template's declarations are checked`() {
        let yaml = """
            name: a
            provisioner: process
            parameters:
              a: { type: strnig, validation: { regex: "(" } }
              b: { type: number, default: ten }
              c: { default: x, required: true, options: [y] }
              d: { validation: { min: 3, max: 2 } }
              e: { type: number, default: 9, validation: { max: 8 }, display_order: x }
              3x: {}
              f: { sensitive: true, default: hush, validation: { regex: "^k" } }
              g: text
            """
        #expect(
            errors(yaml) == [
                "4:14: parameters.a.type: expected one of string, number, bool, list(string), found 'strnig'; "
                    + "did you mean 'string'?",
                "4:43: parameters.a.validation.regex: '(' is not a regular expression; write it as Terraform does (RE2): "
                    + "it has no backreferences and looks neither ahead nor behind",
                "5:31: parameters.b.default: expected a number, found 'ten'",
                "6:17: parameters.c.default: 'x' is none of the options ('y')",
                "6:30: parameters.c.required: a parameter with a default is never missing; remove 'required' or 'default'",
                "7:20: parameters.d.validation: min and max are for numbers, and the type is string",
                "7:35: parameters.d.validation.max: expected a number that is not below min",
                "8:31: parameters.e.default: '9' is above 8",
                "8:73: parameters.e.display_order: expected a whole number from 0 to 10000, found 'x'",
                "9:3: parameters.3x: expected a name of letters, digits, '_' and '-'",
                "10:34: parameters.f.default: the value does not match '^k'",
                "11:6: parameters.g: expected a mapping of description, type, default, required, mutable, sensitive, "
                    + "options, validation, display_order, found 'text'",
            ]
        )
    }

    @Test func `a variable that looks like Stoker's own and is not, is told apart`() throws {
        #expect(
            errors("name: a", module: "variable \"stoker_workspace_onwer\" {}") == [
                "main.tf:1: variable.stoker_workspace_onwer: Stoker gives no such variable, and names that begin with "
                    + "'stoker_' are its own; did you mean 'stoker_workspace_owner'?"
            ]
        )
        let read = try manifest(
            "name: a",
            module: "variable \"stoker_mine\" { default = 1 }\nvariable \"stoker_agent_token_main\" {}"
        )
        #expect(read.warnings.map(\.field) == ["variable.stoker_mine", "presets"])
    }

    @Test func `errors of the module stand beside those of the file`() {
        #expect(
            errors("name: a\nicons: x", module: "x = [") == [
                "main.tf:1:5: this bracket is never closed",
                "2:1: icons: there is no such key; did you mean 'icon'?",
            ]
        )
    }

    @Test func `a file that stands for more than it is, is refused`() {
        var bomb = "name: a\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
        for level in 1...9 {
            bomb +=
                "x\(level): &x\(level) [" + Array(repeating: "*x\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(errors(bomb).map { $0.suffix(24) } == ["it holds too many values"])
        #expect(errors("name: " + String(repeating: "a", count: 300_000)) == ["1: it has more than 256 KiB"])
        #expect(errors("name: " + String(repeating: "[", count: 50_000)).count == 1)
    }
}
