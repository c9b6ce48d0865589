// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing
import Webhooks

@Suite struct EventCatalogueTests {
    @Test func `the two events of Coder have Coder's ids and names`() {
        let known = ["prebuild_failure_limit_reached", "workspace_resource_replaced"].map {
            let description = EventCatalogue.description(of: $0)
            return [description.templateID, description.notificationName]
        }
        #expect(
            known == [
                ["414d9331-c1fc-4761-b40c-d1f4702279eb", "Prebuild Failure Limit Reached"],
                ["89d9745a-816e-4695-a17f-3d0a229e2b8d", "Prebuilt Workspace Resource Replaced"],
            ]
        )
    }

    @Test func `every type has an id of its own, a name and a summary`() {
        let all = EventCatalogue.all
        #expect(all.map(\.type) == EventType.allCases.map(\.rawValue))
        #expect(Set(all.compactMap { Identifier<Kind.Event>($0.templateID) }).count == all.count)
        #expect(Set(all.map(\.notificationName)).count == all.count)
        #expect(all.allSatisfy { !$0.summary.isEmpty })
    }

    @Test(arguments: EventType.allCases)
    func `the sample of a type has all its fields, and the text has no hole`(type: EventType) {
        let event = Samples.event(type)
        let missing = EventCatalogue.description(of: type.rawValue).fields.filter { field in
            field.isRequired && event.data[field.name] == nil
        }
        #expect(missing == [])
        #expect(!event.title.plain.isEmpty && !event.body.plain.isEmpty)
        #expect(!event.body.plain.contains("unknown"))
        #expect(!event.body.markdown.contains("****"))
    }

    @Test func `no field has the name of what every event has`() {
        let common: Set = [
            "event_id", "title", "body", "labels", "recipients", "targets", "subject", "sequence", "truncated",
        ]
        let clashes = EventCatalogue.all.flatMap(\.fields).filter { common.contains($0.name) }
        #expect(clashes == [])
    }

    @Test func `a name from outside makes neither link nor emphasis in Markdown`() {
        var event = Samples.event(.workspaceResourceReplaced)
        event.labels["workspace"] = "[click](https://evil.example) **now** <b>\n# head-line"
        let plain = "Workspace [click](https://evil.example) **now** <b>\n# head-line was claimed"
        #expect(event.body.plain.hasPrefix(plain))
        let markdown =
            #"Workspace **\[click\](https\://evil.example) \*\*now\*\* \<b\>"# + "\n" + ##"\# head-line** was"##
        #expect(event.body.markdown.hasPrefix(markdown))
    }

    @Test func `the replaced resources are listed with their paths, in order`() {
        let body = Samples.event(.workspaceResourceReplaced).body
        #expect(body.plain.contains("\n- docker_container.dev[0]: env, image\n- docker_volume.home: name\n"))
    }
}
