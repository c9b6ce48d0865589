// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

@Suite struct TerraformVariablesTests {
    private func read(_ text: String, file: String = "main.tf") throws -> [TemplateParameter] {
        try read(files: [SourceFile(name: file, text: text)])
    }

    private func read(files: [SourceFile]) throws -> [TemplateParameter] {
        try TemplateManifest(yaml: "name: x", module: files) { _ in false }.parameters
    }

    private func problem(_ text: String, file: String = "main.tf") -> [TemplateError] {
        let errors = #expect(throws: TemplateErrors.self) { try read(text, file: file) }
        return errors?.errors ?? []
    }

    @Test func `a variable's whole block becomes a parameter`() throws {
        let parameters = try read(
            #"""
            # Where it runs.
            variable "region" {
              type        = string // one of two
              description = "Where it runs: \"eu\" or \u0075s"
              sensitive   = true
              /* a default
                 over lines */
              default = "eu"
              validation {
                condition     = contains(["eu", "us"], var.region)
                error_message = "The region must be eu or us."
              }
              validation {
                condition = length(var.region) == 2 && (
                  var.region != "xx" # never
                )
                error_message = "Not ${var.region}."
              }
            }
            """#
        )
        #expect(
            parameters == [
                TemplateParameter(
                    name: "region",
                    description: #"Where it runs: "eu" or us"#,
                    sensitive: true,
                    defaultValue: "eu",
                    required: false,
                    options: ["eu", "us"],
                    rules: ParameterRules(conditions: [
                        .init(#"contains(["eu", "us"], var.region)"#, errorMessage: "The region must be eu or us."),
                        .init(
                            "length(var.region) == 2 && (\n      var.region != \"xx\" # never\n    )",
                            errorMessage: #""Not ${var.region}.""#
                        ),
                    ])
                )
            ]
        )
    }

    @Test func `a variable without a default is required, one line or empty`() throws {
        #expect(
            try read("variable \"a\" {}\nvariable b { type = number }\n") == [
                TemplateParameter(name: "a"), TemplateParameter(name: "b", type: "number", displayOrder: 1),
            ]
        )
    }

    @Test(arguments: [
        ("string", #""plain""#, "plain"), ("string", #""a\tb\\ $${x} %%{y}""#, "a\tb\\ ${x} %{y}"),
        ("string", #""\U0001F600""#, "😀"), ("string", #""""#, ""), ("number", "3", "3"), ("number", "-2.50", "-2.5"),
        ("number", "1e3", "1000"), ("bool", "true", "true"), ("string", "(\"x\")", "x"),
        ("string", "<<EOT\n  one\n two\nEOT", "  one\n two\n"),
        ("string", "<<-EOT\n    one\n\n      two\n    EOT", "one\n\n  two\n"),
        ("string", "<<-EOT\n\t\tone\n \n\t  two\n  EOT", "one\n \n two\n"),
        ("list(string)", #"["a", "b",]"#, #"["a","b"]"#), ("list(string)", "[\n# none\n]", "[]"),
        ("list(string)", #"["$${a}"]"#, #"["${a}"]"#),
        ("map(number)", "{\n a = 1\n \"b c\": 007,\n}", #"{"a":1,"b c":7}"#),
        ("any", #""quoted""#, #""quoted""#), ("any", "[true, null, {}]", "[true,null,{}]"),
    ])
    func `a literal default has one text`(_ type: String, _ literal: String, _ value: String) throws {
        let parameter = try read("variable \"x\" {\n  default = \(literal)\n  type = \(type)\n}").first
        #expect(parameter?.defaultValue == value)
        #expect(parameter?.required == false)
    }

    @Test(arguments: ["null", "24 * 60", #""a-${1 + 1}""#, "true ? 1 : 2", "<<E\n${1}\nE"])
    func `a default that only Terraform knows makes the variable optional`(_ expression: String) throws {
        let parameter = try read("variable \"x\" {\n  type = string\n  default = \(expression)\n}").first
        #expect(parameter?.defaultValue == nil)
        #expect(parameter?.required == false)
    }

    @Test func `without a type only text is given from outside`() throws {
        let parameters = try read(
            "variable \"a\" { default = \"t\" }\nvariable \"b\" { default = 3 }\nvariable \"c\" { default = [] }"
        )
        #expect(parameters.map(\.type) == ["string", "string", "string"])
        #expect(parameters.map(\.defaultValue) == ["t", nil, nil])
    }

    @Test(arguments: [
        ("string", "string"), (#""string""#, "string"), (#""list""#, "list(any)"), ("map", "map(any)"),
        ("list( string )", "list(string)"),
        (
            "object({\n  a = string\n  # why\n  b = optional(list(number), [1, 2])\n})",
            "object({ a = string, b = optional(list(number), [1, 2]) })"
        ),
        ("map(object({a=string,\n b = any,\n}))", "map(object({a=string, b = any, }))"),
    ])
    func `a type is kept on one line`(_ written: String, _ expected: String) throws {
        #expect(try read("variable \"x\" {\n  type = \(written)\n}").map(\.type) == [expected])
    }

    @Test func `everything else in a module is passed over, whatever it holds`() throws {
        let parameters = try read(
            #"""
            terraform { required_version = ">= 1.1" }
            locals {
              text  = "}${join(",", [for k, v in { a = "}" } : "${k}=${v}" if v != "{"])} %{if true}yes%{else ~}no%{endif}"
              block = <<-EOT
                variable "not" {
                %{for x in var.list~}
                ${x} "
                %{endfor}
              EOT
              many  = { for k in var.list : k => k... }
              splat = data.x.y[*].id
              index = a.0.b
              unary = !true && -1 >= 2 || 3 % 2 == 1
              call  = provider::aws::thing(1)
            }
            resource "terraform_data" "it" {
              dynamic "x" {
                for_each = []
                content {}
              }
            }
            variable "seen" {}
            """#
        )
        #expect(parameters.map(\.name) == ["seen"])
    }

    @Test func `variables that Stoker gives are no parameters`() throws {
        #expect(try read("variable \"stoker_workspace_owner\" { default = \"\" }") == [])
        let file = SourceFile(name: "main.tf", text: "variable \"stoker_prebuild\" {}")
        #expect(try TerraformVariables.variables(in: [file]).map(\.name) == ["stoker_prebuild"])
    }

    @Test func `nullable and ephemeral are read, and an ephemeral value is sensitive`() throws {
        let file = SourceFile(name: "a.tf", text: "\n\nvariable \"x\" {\n nullable = \"false\"\n ephemeral = true\n}")
        let variable = try #require(try TerraformVariables.variables(in: [file]).first)
        #expect((variable.nullable, variable.ephemeral, variable.line) == (false, true, 3))
        #expect(variable.parameter.sensitive)
    }

    @Test func `the JSON syntax says the same`() throws {
        let parameters = try read(
            #"""
            {"//": "a comment", "variable": {
              "region": {"type": "string", "default": "e\u00fc \ud83d\ude00 ${x}", "description": "d", "sensitive": true,
                "validation": {"condition": "${contains([\"eu\"], var.region)}", "error_message": "m"}},
              "sizes": [{"type": "list(number)", "default": [1, 2.5e3]}],
              "need": {}
            }, "output": {"x": {"value": "${var.region}"}}}
            """#,
            file: "main.tf.json"
        )
        #expect(
            parameters == [
                TemplateParameter(
                    name: "region",
                    description: "d",
                    sensitive: true,
                    defaultValue: "eü 😀 ${x}",
                    required: false,
                    options: ["eu"],
                    rules: ParameterRules(conditions: [.init(#"contains(["eu"], var.region)"#, errorMessage: "m")])
                ),
                TemplateParameter(
                    name: "sizes",
                    type: "list(number)",
                    defaultValue: "[1,2500]",
                    required: false,
                    displayOrder: 1
                ),
                TemplateParameter(name: "need", displayOrder: 2),
            ]
        )
    }

    @Test func `files come in order, overrides last, and only the module's own are read`() throws {
        let parameters = try read(files: [
            SourceFile(name: "z.tf", text: "variable \"z\" { default = 1\n type = number }"),
            SourceFile(name: "a_override.tf", text: "variable \"z\" {\n default = 2\n description = \"o\"\n}"),
            SourceFile(name: "b.tf", text: "variable \"b\" {}"),
            SourceFile(name: "modules/m.tf", text: "variable \"inner\" {}"),
            SourceFile(name: "notes.txt", text: "variable {"),
            SourceFile(name: ".hidden.tf", text: "variable {"),
        ])
        #expect(
            parameters == [
                TemplateParameter(name: "b"),
                TemplateParameter(
                    name: "z",
                    description: "o",
                    type: "number",
                    defaultValue: "2",
                    required: false,
                    displayOrder: 1
                ),
            ]
        )
    }

    @Test func `what files of values say are the defaults, the last file's word before the others`() throws {
        let parameters = try read(files: [
            SourceFile(
                name: "main.tf",
                text: """
                    variable "size" {
                      type    = number
                      default = 4
                    }
                    variable "region" { type = string }
                    variable "tags" { type = list(string) }
                    variable "token" {
                      type      = string
                      sensitive = true
                    }
                    variable "sum" { type = number }
                    variable "free" { type = string }
                    variable "kept" {
                      type     = string
                      nullable = false
                      default  = "k"
                    }
                    """
            ),
            SourceFile(name: "b.auto.tfvars.json", text: #"{"tags": ["b", "c"], "kept": null}"#),
            SourceFile(name: "a.auto.tfvars", text: "tags = [\"a\"]\nsize = 16.0"),
            SourceFile(
                name: "terraform.tfvars",
                text: "size = 8\nregion = \"eu\"\nunknown = 1\ntoken = \"hush\"\nsum = 1 + 1"
            ),
            SourceFile(name: "modules/terraform.tfvars", text: "free = \"no\""),
            SourceFile(name: "other.tfvars", text: "free = \"no\""),
        ])
        let facts = parameters.map { "\($0.name) \($0.required) \($0.defaultValue ?? "-")" }
        #expect(
            facts == [
                "size false 16", "region false eu", #"tags false ["b","c"]"#, "token false -", "sum false -",
                "free true -",
                "kept false k",
            ]
        )
    }

    @Test func `a file of values that cannot be read is an error at its place`() {
        let errors = #expect(throws: TemplateErrors.self) {
            try read(files: [
                SourceFile(name: "main.tf", text: ""), SourceFile(name: "x.auto.tfvars", text: "a = 1\nb = ["),
            ])
        }
        #expect(errors?.errors.map { "\($0.file):\($0.line)" } == ["x.auto.tfvars:2"])
    }

    @Test func `blocks that would keep the state elsewhere are found in every file that is read`() {
        let blocks = TerraformBackends.blocks(in: [
            SourceFile(name: "main.tf", text: "terraform {\n  backend \"s3\" {}\n}\nresource \"a\" \"backend\" {}"),
            SourceFile(name: "x_override.tf.json", text: "{\"terraform\": [{\n\"cloud\": {}}]}"),
            SourceFile(name: "y_override.tofu", text: "terraform {\n\n  cloud {}\n}"),
            SourceFile(name: "z.tofu.json", text: #"{"terraform": {"backend": {"http": {}}}}"#),
            SourceFile(name: "sub/main.tf", text: "terraform {\n  backend \"s3\" {}\n}"),
            SourceFile(name: "broken.tf", text: "terraform {"),
        ])
        #expect(
            blocks.map { "\($0.file):\($0.line): \($0.name)" } == [
                #"main.tf:2: backend "s3""#, "x_override.tf.json:2: cloud", "y_override.tofu:3: cloud",
                #"z.tofu.json:1: backend "http""#,
            ]
        )
    }

    @Test func `a variable declared twice, or overridden without being there, is an error`() {
        #expect(
            problem("variable \"x\" {}\nvariable \"x\" {}") == [
                TemplateError(
                    file: "main.tf",
                    line: 2,
                    field: "variable.x",
                    "it is already declared at main.tf:1",
                    remedy: "rename one of the two"
                )
            ]
        )
        let errors = #expect(throws: TemplateErrors.self) {
            try read(files: [
                SourceFile(name: "main.tf", text: "variable \"region\" {}"),
                SourceFile(name: "override.tf", text: "variable \"regoin\" {}"),
            ])
        }
        #expect(errors?.errors.map(\.remedy) == ["did you mean 'region'?"])
    }

    @Test(arguments: [
        ("variable \"x\" {", 1, 1), ("a = 1\nb = \"open\nc = 2", 2, 5), ("x = {\n  a = [1\n}", 3, 1),
        ("x = (1", 1, 5), ("x = <<EOT\ntext", 1, 5), ("é = \"\\q\"", 1, 6), ("x = 1 }", 1, 7), ("x =\n", 1, 4),
        ("variable 3 {}", 1, 10), ("x = \"${1\"", 1, 9), ("x = \"${1", 1, 6), ("/* open", 1, 1), ("x = 1\nx = 2", 2, 1),
        ("x { } y", 1, 7),
        ("x = @", 1, 5), ("= 1", 1, 1),
    ])
    func `what does not parse is located`(_ text: String, _ line: Int, _ column: Int) {
        let error = problem(text).first
        #expect(error?.file == "main.tf")
        #expect([error?.line, error?.column] == [line, column], "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("{\"variable\": }", 1, 14), ("{\n  \"a\": 1,\n}", 3, 1), ("{\"a\": 01}", 1, 7), ("{\"a\": \"\\x\"}", 1, 9),
        ("[1] 2", 1, 5), ("{\"a\": \"open", 1, 7), ("{\"a\": \"\\ud800\"}", 1, 14), ("", 1, 1),
    ])
    func `JSON that does not parse is located`(_ text: String, _ line: Int, _ column: Int) {
        let error = problem(text, file: "main.tf.json").first
        #expect([error?.line, error?.column] == [line, column], "\(error?.description ?? "")")
    }

    @Test func `nesting without end is an error and no crash`() {
        let deep = 50_000
        #expect(problem("x = " + String(repeating: "\"${", count: deep)).count == 1)
        #expect(problem(String(repeating: "x {\n", count: deep)).count == 1)
        #expect(problem(String(repeating: "[", count: deep), file: "a.tf.json").count == 1)
        #expect(throws: Never.self) {
            try read(
                "variable \"x\" {\ndefault = " + String(repeating: "[", count: deep)
                    + String(repeating: "]", count: deep) + "\n}"
            )
        }
    }
}
