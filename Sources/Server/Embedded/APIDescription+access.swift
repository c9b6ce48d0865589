// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/60-access.yaml by Scripts/embed-pages.
extension APIDescription {
    static let access = ####"""
          /users:
            get:
              operationId: listUsers
              tags: [access]
              summary: List the users
              description: For `owner`.
              parameters:
                - { $ref: "#/components/parameters/Limit" }
                - { $ref: "#/components/parameters/Cursor" }
              responses:
                "200":
                  description: A page of users by name.
                  headers: { Link: { $ref: "#/components/headers/Link" } }
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/User" } } }
                default: { $ref: "#/components/responses/Problem" }
            post:
              operationId: addUser
              tags: [access]
              summary: Add an active member of the default organization
              description: For `owner`.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      required: [name]
                      properties:
                        name: { type: string, maxLength: 32 }
                        email: { type: string, maxLength: 254 }
                        roles: { type: array, items: { $ref: "#/components/schemas/Role" } }
              responses:
                "201":
                  description: The user.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/User" } }
                default: { $ref: "#/components/responses/Problem" }
          /tokens:
            get:
              operationId: listTokens
              tags: [access]
              summary: List the caller's tokens; for `owner`, all
              description: For every role.
              responses:
                "200":
                  description: Tokens by user and name, without what they are.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Token" } } }
                default: { $ref: "#/components/responses/Problem" }
            post:
              operationId: addToken
              tags: [access]
              summary: Make a token
              description: |
                For every role; only `owner` makes one for others. A token that is narrowed by scopes makes none that may do more.
                The token is shown in this answer and never again.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      required: [name]
                      properties:
                        name: { type: string, maxLength: 64 }
                        user: { type: string, maxLength: 64, description: Else the caller. }
                        scopes: { type: array, items: { $ref: "#/components/schemas/Scope" } }
                        expires_in: { type: integer, minimum: 1, maximum: 315360000, description: Seconds; else never. }
              responses:
                "201":
                  description: The token.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/NewToken" } }
                default: { $ref: "#/components/responses/Problem" }
          /tokens/{token}:
            parameters:
              - { name: token, in: path, required: true, description: Its id., schema: { type: string, format: uuid } }
            delete:
              operationId: revokeToken
              tags: [access]
              summary: End a token at once
              description: For every role, of their own; for `owner`, any.
              responses:
                "204": { description: The token is revoked. }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
