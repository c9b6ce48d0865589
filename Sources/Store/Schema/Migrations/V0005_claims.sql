-- Who asked for a workspace and what they got; what the reconciler decided and why.

CREATE TABLE workspace_claims (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    template_id uuid NOT NULL,
    preset_id uuid NOT NULL,
    claimant_id uuid NOT NULL,
    workspace_id uuid,
    outcome text NOT NULL,
    idempotency_key text,
    request_hash bytea,
    bound_at timestamptz,
    usable_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workspace_claims_idempotency_key UNIQUE (claimant_id, idempotency_key)
);
CREATE INDEX workspace_claims_preset ON workspace_claims (preset_id, created_at);
CREATE INDEX workspace_claims_workspace ON workspace_claims (workspace_id) WHERE workspace_id IS NOT NULL;

CREATE TABLE prebuild_decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    preset_id uuid NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    state jsonb NOT NULL DEFAULT '{}',
    actions jsonb NOT NULL DEFAULT '[]',
    withheld jsonb NOT NULL DEFAULT '[]',
    -- The worker that made the pass; null for a pass by command.
    worker_id uuid
);
CREATE INDEX prebuild_decisions_preset ON prebuild_decisions (preset_id, id);
CREATE INDEX prebuild_decisions_age ON prebuild_decisions USING brin (decided_at);
