// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Testing
import Time

@Suite struct EventFilterTests {
    private static func endpoint(_ filter: EventFilter, events: [String] = []) -> Endpoint {
        var endpoint = Endpoint(name: "hook", url: "https://example.com", events: events)
        endpoint.filter = filter
        return endpoint
    }

    private static let about = Event(
        id: .random(),
        type: "workspace_ready",
        createdAt: Instant(seconds: 0),
        labels: ["template": "go-dev", "preset": "eu", "org": "lab"],
        data: ["workspace_labels": ["team": "compilers", "zone": "eu"]]
    )
    private static let fleet = Event(id: .random(), type: "worker_lost", createdAt: Instant(seconds: 0))

    @Test(arguments: [
        (EventFilter(), true), (EventFilter(templates: ["other", "GO-dev"]), true),
        (EventFilter(templates: ["other"]), false),
        (EventFilter(presets: ["eu"]), true), (EventFilter(presets: ["us"]), false),
        (EventFilter(organizations: ["lab"]), true),
        (EventFilter(templates: ["go-dev"], organizations: ["default"]), false),
        (EventFilter(labels: ["team": "compilers"]), true),
        (EventFilter(labels: ["team": "compilers", "zone": "us"]), false),
        (EventFilter(labels: ["owner": "x"]), false),
    ])
    func `every part that is given must fit`(filter: EventFilter, fits: Bool) {
        #expect(Self.endpoint(filter).wants(Self.about) == fits)
        #expect(!Self.endpoint(filter, events: ["worker_lost"]).wants(Self.about))
        // What is about no workspace fits no filter of workspaces.
        #expect(Self.endpoint(filter).wants(Self.fleet) == (filter == EventFilter()))
    }
}
