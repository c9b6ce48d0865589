// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/82-reports.yaml by Scripts/embed-pages.
extension APIDescription {
    static let reports = ####"""
            Schedule:
              type: object
              additionalProperties: false
              required: [at, covers, next]
              properties:
                at: { $ref: "#/components/schemas/Time" }
                covers: { type: boolean }
                until: { $ref: "#/components/schemas/Time" }
                next:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [start]
                    properties:
                      start: { $ref: "#/components/schemas/Time" }
                      end: { $ref: "#/components/schemas/Time" }
            SchedulePreview:
              type: object
              additionalProperties: false
              required: [preset_id, preset_name, template_name, org_name, timezone, spans, problems]
              properties:
                preset_id: { $ref: "#/components/schemas/Id" }
                preset_name: { type: string }
                template_name: { type: string }
                org_name: { type: string }
                timezone: { type: string }
                spans:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [start, end, desired]
                    properties:
                      start: { $ref: "#/components/schemas/Time" }
                      end: { $ref: "#/components/schemas/Time" }
                      desired: { type: integer }
                problems: { type: array, items: { type: string } }
            Claim:
              type: object
              additionalProperties: false
              required:
                - claim_id
                - outcome
                - reason
                - workspace_id
                - workspace_name
                - template_name
                - preset_name
                - owner_name
                - build_id
                - build_number
                - job_id
                - repeat
              properties:
                claim_id: { $ref: "#/components/schemas/Id" }
                outcome: { type: string, enum: [hit, miss_empty, miss_unmatched, miss_paused, miss_capped, error] }
                reason: { type: string, description: "Why it was no hit, or what it waited for." }
                workspace_id: { $ref: "#/components/schemas/Id" }
                workspace_name: { type: string }
                template_name: { type: string }
                preset_name: { type: string }
                owner_name: { type: string }
                build_id: { $ref: "#/components/schemas/Id" }
                build_number: { type: integer }
                job_id: { $ref: "#/components/schemas/Id" }
                repeat: { type: boolean, description: It was claimed before with this key. }
            Workspace:
              type: object
              additionalProperties: false
              required:
                [id, name, owner_name, template_name, preset_name, prebuild, build_number, transition, status, created_at]
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
            Deletion:
              type: object
              additionalProperties: false
              required: [job_id, status]
              properties:
                job_id: { $ref: "#/components/schemas/Id" }
                status: { $ref: "#/components/schemas/JobStatus" }
            Job:
              type: object
              required:
                - id
                - type
                - status
                - class
                - provisioner
                - template_name
                - workspace_name
                - transition
                - worker_name
                - attempt
                - error
                - error_code
                - created_at
              properties:
                id: { $ref: "#/components/schemas/Id" }
                type: { type: string, enum: [template_version_import, workspace_build] }
                status: { $ref: "#/components/schemas/JobStatus" }
                class: { type: string }
                provisioner: { type: string }
                template_name: { type: string }
                workspace_name: { type: string }
                transition: { type: string }
                worker_name: { type: string }
                attempt: { type: integer }
                error: { type: string }
                error_code: { type: string }
                created_at: { $ref: "#/components/schemas/Time" }
                started_at: { $ref: "#/components/schemas/Time" }
                completed_at: { $ref: "#/components/schemas/Time" }
            JobReport:
              type: object
              allOf: [{ $ref: "#/components/schemas/Job" }]
              unevaluatedProperties: false
              required: [waits_for]
              properties:
                waits_for:
                  type: array
                  description: Why it waits, if it does.
                  items:
                    type: object
                    additionalProperties: false
                    required: [reason, message]
                    properties:
                      reason: { type: string }
                      message: { type: string }
                      until: { $ref: "#/components/schemas/Time" }
            LogLine:
              type: object
              additionalProperties: false
              required: [id, attempt, at, source, level, stage, output]
              properties:
                id: { type: integer }
                attempt: { type: integer }
                at: { $ref: "#/components/schemas/Time" }
                source: { type: string }
                level: { type: string, enum: [trace, debug, info, warn, error] }
                stage: { type: string }
                output: { type: string }
            Worker:
              type: object
              additionalProperties: false
              required: [id, name, state, state_reason, capacity, running, version, lease_remaining_seconds]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                state: { type: string, enum: [active, draining, drained, lost] }
                state_reason: { type: string }
                capacity: { type: integer }
                running: { type: integer }
                version: { type: string }
                lease_remaining_seconds: { type: number }
            Status:
              allOf: [{ $ref: "#/components/schemas/Plan" }]
              type: object
              unevaluatedProperties: false
              required: [jobs, oldest_pending_seconds, workers, deliveries]
              properties:
                jobs:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [status, class, count]
                    properties:
                      status: { $ref: "#/components/schemas/JobStatus" }
                      class: { type: string }
                      count: { type: integer }
                oldest_pending_seconds: { type: number }
                workers: { type: array, items: { $ref: "#/components/schemas/Worker" } }
                deliveries:
                  type: object
                  additionalProperties: false
                  required: [backlog, dead, oldest_pending_seconds]
                  properties:
                    backlog: { type: integer, description: Waiting or being sent. }
                    dead: { type: integer, description: Given up. }
                    oldest_pending_seconds: { type: number }
            Setting:
              type: object
              additionalProperties: false
              required: [name, origin, environment, help]
              properties:
                name: { type: string }
                value: { type: string }
                origin: { type: string }
                environment: { type: string }
                help: { type: string }
            User:
              type: object
              additionalProperties: false
              required: [id, username, email, roles, status, is_system]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                username: { type: string }
                email: { type: string }
                roles: { type: array, items: { type: string } }
                status: { type: string }
                is_system: { type: boolean }
            Token:
              type: object
              additionalProperties: false
              required: [id, name, username, scopes, created_at]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                username: { type: string }
                scopes: { type: array, items: { type: string } }
                created_at: { $ref: "#/components/schemas/Time" }
                expires_at: { $ref: "#/components/schemas/Time" }
                last_used_at: { $ref: "#/components/schemas/Time" }
            NewToken:
              type: object
              additionalProperties: false
              required: [id, name, username, scopes, created_at, token]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                username: { type: string }
                scopes: { type: array, items: { type: string } }
                created_at: { $ref: "#/components/schemas/Time" }
                expires_at: { $ref: "#/components/schemas/Time" }
                last_used_at: { $ref: "#/components/schemas/Time" }
                token: { type: string, description: "What is sent as the bearer token. Nobody can show it again." }

        """####
}
