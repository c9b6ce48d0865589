// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/10-head.yaml by Scripts/embed-pages.
extension APIDescription {
    static let head = ####"""
        # SPDX-License-Identifier: Apache-2.0
        openapi: 3.1.0
        info:
          title: Stoker
          version: "1"
          license: { name: Apache-2.0, identifier: Apache-2.0 }
          summary: Keeps pools of prebuilt workspaces, so that a new one is ready at once.
          description: |
            What the command `stoker` does, over HTTP: the same operations, and the same JSON as its `--output json`.

            **Tokens.** Every request but the one for this document carries `Authorization: Bearer TOKEN`. `stoker tokens add`
            makes tokens. A token does what its user's role does: `owner` everything, `template-admin` templates and pools,
            `member` their own workspaces. Its scopes narrow that: `read`, a resource such as `workspaces`, or a resource to be
            read such as `jobs:read`. What is somebody else's does not exist.

            **Problems.** Everything else than success is a problem as RFC 9457 describes it, of the media type
            `application/problem+json`; its `type` tells the kind, its `detail` what happened, its `remedy` what to do.

            **Pages.** Long lists take `limit` and `cursor`. Where a list goes on, the header `Link` has a link of the relation
            `next` (RFC 8288).

            **Limits.** Bodies have at most 64 KiB, a template's archive 32 MiB. A token, or an address without a valid one, may
            ask `http.request_rate` times a second and twice as often at once; then the status is 429, and `Retry-After` says
            when to go on.
        servers:
          - url: /api/v1
        security:
          - token: []
        tags:
          - { name: templates, description: What workspaces are built from. }
          - { name: pools, description: "Presets, prebuilds, plans and schedules." }
          - { name: workspaces, description: "Claims, workspaces and their jobs." }
          - { name: fleet, description: "Workers, maintenance, status, settings." }
          - { name: webhooks, description: Who is told what happens. }
          - { name: access, description: Users and tokens. }
        paths:
          /openapi.yaml:
            get:
              operationId: describe
              tags: [access]
              summary: This document
              security: []
              responses:
                "200":
                  description: An OpenAPI 3.1 document.
                  content:
                    application/yaml: { schema: { type: string } }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
