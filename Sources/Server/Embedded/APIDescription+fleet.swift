// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/50-fleet.yaml by Scripts/embed-pages.
extension APIDescription {
    static let fleet = ####"""
          /status:
            get:
              operationId: showStatus
              tags: [fleet]
              summary: Pools, jobs, workers and deliveries at this moment
              description: For `template-admin`.
              responses:
                "200":
                  description: The fleet.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Status" } }
                default: { $ref: "#/components/responses/Problem" }
          /workers:
            get:
              operationId: listWorkers
              tags: [fleet]
              summary: List the workers that are up, and those that went within the last hour
              description: For `template-admin`.
              responses:
                "200":
                  description: Workers by state and name.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Worker" } } }
                default: { $ref: "#/components/responses/Problem" }
          /workers/{worker}/drain:
            parameters:
              - { $ref: "#/components/parameters/Worker" }
            post:
              operationId: drainWorkers
              tags: [fleet]
              summary: Have workers take on nothing new
              description: For `owner`. What they run goes on until the deadline, and is then handed to others.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        deadline: { type: integer, minimum: 0, maximum: 604800, description: Seconds. }
              responses:
                "200": { $ref: "#/components/responses/Workers" }
                default: { $ref: "#/components/responses/Problem" }
          /workers/{worker}/resume:
            parameters:
              - { $ref: "#/components/parameters/Worker" }
            post:
              operationId: resumeWorkers
              tags: [fleet]
              summary: Have workers that were drained by command work again
              description: For `owner`.
              responses:
                "200": { $ref: "#/components/responses/Workers" }
                default: { $ref: "#/components/responses/Problem" }
          /maintenance:
            get:
              operationId: showMaintenance
              tags: [fleet]
              summary: Whether the fleet stands still, until when, and why
              description: For `template-admin`.
              responses:
                "200":
                  description: What holds the fleet still, if anything does.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Paused" } }
                default: { $ref: "#/components/responses/Problem" }
            post:
              operationId: startMaintenance
              tags: [fleet]
              summary: Reconcile nothing and claim no job, anywhere
              description: For `owner`. Jobs in progress finish.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        until: { type: string, format: date-time, description: When it ends by itself. }
                        reason: { type: string, maxLength: 1000 }
              responses:
                "204": { description: The fleet is in maintenance. }
                default: { $ref: "#/components/responses/Problem" }
            delete:
              operationId: stopMaintenance
              tags: [fleet]
              summary: End the maintenance
              description: For `owner`.
              responses:
                "204": { description: The fleet goes on. }
                default: { $ref: "#/components/responses/Problem" }
          /settings:
            get:
              operationId: listSettings
              tags: [fleet]
              summary: The settings of the server that answers, secrets hidden
              description: For `owner`.
              responses:
                "200":
                  description: Every setting, its value, and where the value came from.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Setting" } } }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
