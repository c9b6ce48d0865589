// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/84-details.yaml by Scripts/embed-pages.
extension APIDescription {
    static let details = ####"""
            WorkspaceDetails:
              type: object
              additionalProperties: false
              required:
                - id
                - name
                - owner_name
                - template_name
                - preset_name
                - prebuild
                - build_number
                - transition
                - status
                - created_at
                - org_name
                - version_name
                - deleted
                - parameters
                - builds
                - resources
                - agents
                - claim
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                owner_name: { type: string }
                template_name: { type: string }
                preset_name: { type: string }
                prebuild: { type: boolean }
                build_number: { type: integer }
                transition: { type: string, enum: [start, stop, delete] }
                status: { type: string }
                job_id: { $ref: "#/components/schemas/Id" }
                created_at: { $ref: "#/components/schemas/Time" }
                claimed_at: { $ref: "#/components/schemas/Time" }
                org_name: { type: string }
                version_name: { type: string }
                deleted: { type: boolean }
                parameters: { type: array, items: { $ref: "#/components/schemas/BuildParameter" } }
                builds: { type: array, items: { $ref: "#/components/schemas/Build" }, description: Newest first. }
                resources: { type: array, items: { $ref: "#/components/schemas/WorkspaceResource" } }
                agents: { type: array, items: { $ref: "#/components/schemas/WorkspaceAgent" } }
                claim: { anyOf: [{ $ref: "#/components/schemas/WorkspaceClaim" }, { type: "null" }] }
            BuildParameter:
              type: object
              additionalProperties: false
              required: [name, value]
              properties:
                name: { type: string }
                value: { type: string, description: "`(sensitive)` where it must not be shown." }
            Build:
              type: object
              additionalProperties: false
              required: [number, transition, reason, version_name, status, error, job_id, created_at]
              properties:
                number: { type: integer }
                transition: { type: string, enum: [start, stop, delete] }
                reason: { type: string, enum: [initiator, prebuild, claim, dormancy, autostop] }
                version_name: { type: string }
                status: { type: string }
                error: { type: string }
                job_id: { $ref: "#/components/schemas/Id" }
                created_at: { $ref: "#/components/schemas/Time" }
            WorkspaceResource:
              type: object
              additionalProperties: false
              required: [type, name, address, daily_cost]
              properties:
                type: { type: string }
                name: { type: string }
                address: { type: string }
                daily_cost: { type: integer }
            WorkspaceAgent:
              type: object
              additionalProperties: false
              required: [name, lifecycle_state]
              properties:
                name: { type: string }
                lifecycle_state: { $ref: "#/components/schemas/AgentState" }
                ready_at: { $ref: "#/components/schemas/Time" }
            AgentState:
              type: string
              enum: [created, starting, start_timeout, start_error, ready, shutting_down, shutdown_timeout, shutdown_error, "off"]
            WorkspaceClaim:
              type: object
              additionalProperties: false
              required: [outcome, reason, claimed_at]
              properties:
                outcome: { type: string, enum: [hit, miss_empty, miss_unmatched, miss_paused, miss_capped, error] }
                reason: { type: string }
                claimed_at: { $ref: "#/components/schemas/Time" }
                usable_at: { $ref: "#/components/schemas/Time" }

        """####
}
