// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/55-webhooks.yaml by Scripts/embed-pages.
extension APIDescription {
    static let webhooks = ####"""
          /webhooks:
            get:
              operationId: listEndpoints
              tags: [webhooks]
              summary: List the endpoints
              description: For `owner`.
              responses:
                "200":
                  description: Endpoints by name. Of a URL only scheme, host and port are shown.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Endpoint" } } }
                default: { $ref: "#/components/responses/Problem" }
            post:
              operationId: addEndpoint
              tags: [webhooks]
              summary: Add an endpoint
              description: |
                For `owner`. Requests are signed as Standard Webhooks 1.0 say. A secret that is made here is in this answer and in no
                other.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      required: [name, url]
                      properties:
                        name: { type: string, maxLength: 64 }
                        url: { type: string, maxLength: 2048, description: An https URL without credentials. }
                        secret: { $ref: "#/components/schemas/Secret" }
                        events:
                          type: array
                          items: { $ref: "#/components/schemas/EventType" }
                          description: Only events of these types; else all.
                        envelope: { $ref: "#/components/schemas/Envelope" }
                        headers: { type: object, additionalProperties: { type: string }, description: Sent with every request. }
                        ed25519: { type: boolean, default: false, description: Sign with an Ed25519 key as well. }
                        concurrency:
                          type: integer
                          minimum: 1
                          maximum: 64
                          default: 8
                          description: How many requests are on their way to it at once, from one worker.
                    example: { name: hook, url: "https://example.com/hook", events: [worker_lost] }
              responses:
                "201": { $ref: "#/components/responses/NewKeys" }
                default: { $ref: "#/components/responses/Problem" }
          /webhooks/{endpoint}:
            parameters:
              - { $ref: "#/components/parameters/Endpoint" }
            get:
              operationId: showEndpoint
              tags: [webhooks]
              summary: Show how an endpoint has been doing, and what waits for it
              description: For `owner`.
              responses:
                "200": { $ref: "#/components/responses/EndpointDetails" }
                default: { $ref: "#/components/responses/Problem" }
            delete:
              operationId: removeEndpoint
              tags: [webhooks]
              summary: Remove an endpoint, and with it all that waits for it and its dead letters
              description: For `owner`. The answer is what it was.
              responses:
                "200": { $ref: "#/components/responses/EndpointDetails" }
                default: { $ref: "#/components/responses/Problem" }
          /webhooks/{endpoint}/rotate-secret:
            parameters:
              - { $ref: "#/components/parameters/Endpoint" }
            post:
              operationId: rotateEndpointSecret
              tags: [webhooks]
              summary: Give an endpoint a new secret; the one before signs as well for a while
              description: For `owner`. A secret that is made here is in this answer and in no other.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        secret: { $ref: "#/components/schemas/Secret" }
                        overlap:
                          type: integer
                          minimum: 0
                          maximum: 31536000
                          default: 86400
                          description: For how many seconds the previous secret signs as well.
                        ed25519: { type: boolean, default: false, description: Make a new Ed25519 key instead. }
              responses:
                "200": { $ref: "#/components/responses/NewKeys" }
                default: { $ref: "#/components/responses/Problem" }
          /webhooks/{endpoint}/enable:
            parameters:
              - { $ref: "#/components/parameters/Endpoint" }
            post:
              operationId: enableEndpoint
              tags: [webhooks]
              summary: Let an endpoint have what waits for it and what comes, and forget its failures
              description: For `owner`.
              responses:
                "200": { $ref: "#/components/responses/Endpoint" }
                default: { $ref: "#/components/responses/Problem" }
          /webhooks/{endpoint}/disable:
            parameters:
              - { $ref: "#/components/parameters/Endpoint" }
            post:
              operationId: disableEndpoint
              tags: [webhooks]
              summary: Send an endpoint nothing until it is enabled; what waits for it is kept
              description: For `owner`.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        reason: { type: string, maxLength: 1000, description: Shown in lists. }
              responses:
                "200": { $ref: "#/components/responses/Endpoint" }
                default: { $ref: "#/components/responses/Problem" }
          /webhooks/{endpoint}/test:
            parameters:
              - { $ref: "#/components/parameters/Endpoint" }
            post:
              operationId: testEndpoint
              tags: [webhooks]
              summary: Let a worker send a ping, and wait for what becomes of it
              description: For `owner`. An endpoint that was disabled is enabled when its ping arrives.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        wait: { type: integer, minimum: 0, maximum: 60, default: 30, description: Seconds. }
              responses:
                "200":
                  description: What became of it; `pending` or `leased` when no worker has sent it in time.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Ping" } }
                default: { $ref: "#/components/responses/Problem" }
          /deliveries:
            get:
              operationId: listDeliveries
              tags: [webhooks]
              summary: List deliveries, the newest first, with what became of their last attempts
              description: For `owner`.
              parameters:
                - { name: endpoint, in: query, description: Only those to it., schema: { type: string, maxLength: 64 } }
                - name: failed
                  in: query
                  description: Only those that were given up.
                  schema: { type: boolean, default: false }
                - name: since
                  in: query
                  description: Only those made since then.
                  schema: { $ref: "#/components/schemas/Time" }
                - name: type
                  in: query
                  description: Only those of this type of event.
                  schema: { $ref: "#/components/schemas/EventType" }
                - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 10000, default: 50 } }
              responses:
                "200":
                  description: Deliveries.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Delivery" } } }
                default: { $ref: "#/components/responses/Problem" }
          /deliveries/replay:
            post:
              operationId: replayDeliveries
              tags: [webhooks]
              summary: Make deliveries again, with the same ids
              description: For `owner`. One, whatever became of it; or all that were given up since an instant.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        delivery: { type: string, format: uuid, description: One; then nothing else is named. }
                        since: { type: string, format: date-time }
                        endpoint: { type: string, maxLength: 64, description: "With `since`: only those to it." }
                        type: { $ref: "#/components/schemas/EventType" }
                    example: { since: "2025-06-02T03:00:00Z" }
              responses:
                "200":
                  description: How many are made again.
                  content:
                    application/json:
                      schema:
                        type: object
                        additionalProperties: false
                        required: [replayed]
                        properties: { replayed: { type: integer } }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
