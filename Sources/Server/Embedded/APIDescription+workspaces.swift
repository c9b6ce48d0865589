// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/40-workspaces.yaml by Scripts/embed-pages.
extension APIDescription {
    static let workspaces = ####"""
          /claims:
            post:
              operationId: claimWorkspace
              tags: [workspaces]
              summary: Claim a workspace
              description: |
                For every role: a ready prebuild at once, else a fresh build; `outcome` says which. Only `owner` claims for others.
                With an `Idempotency-Key`, the same request gives the same workspace however often it is made.
              parameters:
                - name: Idempotency-Key
                  in: header
                  schema: { type: string, minLength: 1, maxLength: 255, pattern: "^[!-~]+$" }
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      required: [template, name]
                      properties:
                        template: { type: string, maxLength: 64 }
                        preset: { type: string, maxLength: 128, description: Else the default preset. }
                        owner: { type: string, maxLength: 64, description: Else the caller. }
                        name: { type: string, maxLength: 64, description: What the workspace is to be called. }
                        parameters: { type: object, additionalProperties: { type: string } }
                        wait_for_refill:
                          type: integer
                          minimum: 1
                          maximum: 3600
                          description: How many seconds to wait for the next prebuild when none is ready; else not at all.
              responses:
                "201":
                  description: The workspace, and the build that hands it over or makes it.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Claim" } }
                default: { $ref: "#/components/responses/Problem" }
          /claims/{claim}:
            parameters:
              - { name: claim, in: path, required: true, description: Its id., schema: { type: string, format: uuid } }
            get:
              operationId: showClaim
              tags: [workspaces]
              summary: What a claim gave, as it is now
              description: For every role, their own.
              responses:
                "200":
                  description: The workspace, and the build that hands it over or makes it.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Claim" } }
                default: { $ref: "#/components/responses/Problem" }
          /workspaces:
            get:
              operationId: listWorkspaces
              tags: [workspaces]
              summary: List the workspaces that are the caller's to know of, newest first
              description: For every role.
              parameters:
                - { name: owner, in: query, description: Only theirs., schema: { type: string, maxLength: 64 } }
                - { $ref: "#/components/parameters/Limit" }
                - { $ref: "#/components/parameters/Cursor" }
              responses:
                "200":
                  description: A page of workspaces.
                  headers: { Link: { $ref: "#/components/headers/Link" } }
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Workspace" } } }
                default: { $ref: "#/components/responses/Problem" }
          /workspaces/{workspace}:
            parameters:
              - { $ref: "#/components/parameters/Workspace" }
              - { name: owner, in: query, description: Where several have the name., schema: { type: string, maxLength: 64 } }
            get:
              operationId: showWorkspace
              tags: [workspaces]
              summary: Show a workspace with its builds, resources, agents and claim
              description: For every role, of their own. By its id a deleted one is found too.
              responses:
                "200":
                  description: The workspace. Sensitive values are not shown.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/WorkspaceDetails" } }
                default: { $ref: "#/components/responses/Problem" }
            delete:
              operationId: deleteWorkspace
              tags: [workspaces]
              summary: Delete a workspace and what was built for it
              description: For every role, of their own.
              responses:
                "202":
                  description: The job that deletes it.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Deletion" } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs:
            get:
              operationId: listJobs
              tags: [workspaces]
              summary: List the jobs that are the caller's to know of, newest first
              description: For every role.
              parameters:
                - name: status
                  in: query
                  schema: { $ref: "#/components/schemas/JobStatus" }
                - { $ref: "#/components/parameters/Limit" }
                - { $ref: "#/components/parameters/Cursor" }
              responses:
                "200":
                  description: A page of jobs.
                  headers: { Link: { $ref: "#/components/headers/Link" } }
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Job" } } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs/{job}:
            parameters:
              - { $ref: "#/components/parameters/Job" }
            get:
              operationId: showJob
              tags: [workspaces]
              summary: Show a job
              description: For every role, of their own workspaces.
              responses:
                "200":
                  description: The job.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/JobReport" } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs/{job}/cancel:
            parameters:
              - { $ref: "#/components/parameters/Job" }
            post:
              operationId: cancelJob
              tags: [workspaces]
              summary: Cancel a job
              description: For every role, of their own workspaces.
              responses:
                "200":
                  description: The job, canceled or about to be.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Job" } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs/{job}/retry:
            parameters:
              - { $ref: "#/components/parameters/Job" }
            post:
              operationId: retryJob
              tags: [workspaces]
              summary: Put a job that failed or was canceled back into the queue
              description: For every role, of their own workspaces.
              responses:
                "200":
                  description: The job, which waits again.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Job" } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs/{job}/logs:
            parameters:
              - { $ref: "#/components/parameters/Job" }
            get:
              operationId: readLog
              tags: [workspaces]
              summary: Read a job's log
              description: For every role, of their own workspaces.
              parameters:
                - { $ref: "#/components/parameters/Limit" }
                - { $ref: "#/components/parameters/Cursor" }
              responses:
                "200":
                  description: A page of lines.
                  headers: { Link: { $ref: "#/components/headers/Link" } }
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/LogLine" } } }
                default: { $ref: "#/components/responses/Problem" }
          /jobs/{job}/logs/stream:
            parameters:
              - { $ref: "#/components/parameters/Job" }
            get:
              operationId: followLog
              tags: [workspaces]
              summary: Follow a job's log until the job has ended
              description: |
                For every role, of their own workspaces. Server-sent events: each line as `data`, as the schema LogLine, with its
                `id`; then the job as the event `end`. A stream that ends before went with its server: ask again, with the last id
                as `Last-Event-ID`.
              parameters:
                - name: Last-Event-ID
                  in: header
                  schema: { type: string, pattern: "^[0-9]{1,18}$" }
              responses:
                "200":
                  description: The log.
                  content:
                    text/event-stream:
                      schema:
                        type: object
                        required: [data]
                        properties:
                          id: { type: string }
                          event: { type: string }
                          data: { type: string }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
