// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Server
import Telemetry
import Templates
import Webhooks

/// `stoker schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print formats as JSON Schemas, the API's description, and the metrics.",
        subcommands: [Template.self, Events.self, API.self, Metrics.self]
    )

    struct Template: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of a template's stoker.yaml.")

        func run() throws {
            try Console.print(TemplateSchema.json)
        }
    }

    struct Events: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schemas of the webhooks' bodies, by type of event.",
            discussion: "They describe the envelope 'standard'; 'cloudevents' has the same data."
        )

        @Argument(help: "One type of event. Default: all.")
        var type: String?

        func run() throws {
            guard let type else { return try Console.print(JSONText.pretty(EventCatalogue.schemas)) }
            try NewEndpoint.requireEvent(type)
            try Console.print(JSONText.pretty(EventCatalogue.description(of: type).schema))
        }
    }

    struct API: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "api",
            abstract: "Print the description of the HTTP API, an OpenAPI 3.1 document.",
            discussion: "A server has the same at /api/v1/openapi.yaml."
        )

        func run() throws {
            try Console.print(APIDescription.yaml)
        }
    }

    struct Metrics: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what is exported at /metrics, as JSON.")

        func run() throws {
            try Console.print(JSONText.pretty(MetricCatalogue.families.map(DescribedMetric.init)))
        }
    }
}

/// A metric as `stoker schema metrics` describes it.
private struct DescribedMetric: Encodable {
    let name: String
    let type: String
    let labels: [String]
    let help: String

    init(_ family: MetricFamily) {
        name = family.name
        type =
            switch family.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        labels = family.labels
        help = family.help
    }
}
