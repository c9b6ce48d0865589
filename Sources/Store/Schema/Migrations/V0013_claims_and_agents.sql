-- Claims that say why and may wait their turn, totals that outlive the process that made them, agents that are told of
-- claims, and the order of activations. Programs of the release before go on with it: every new column has a default, and
-- nothing they read or write has changed its meaning.

-- Errors are recorded too, and one that names nothing that exists belongs to no template, preset or user.
ALTER TABLE workspace_claims
    ADD COLUMN outcome_counted boolean NOT NULL DEFAULT false,
    ADD COLUMN usable_counted boolean NOT NULL DEFAULT false,
    ALTER COLUMN organization_id DROP NOT NULL,
    ALTER COLUMN template_id DROP NOT NULL,
    ALTER COLUMN preset_id DROP NOT NULL,
    ALTER COLUMN claimant_id DROP NOT NULL;
-- What the totals below do not hold yet: a few rows, however many claims there ever were.
CREATE INDEX workspace_claims_uncounted ON workspace_claims (created_at)
    WHERE NOT outcome_counted OR (usable_at IS NOT NULL AND NOT usable_counted);
CREATE INDEX workspace_claims_age ON workspace_claims USING brin (created_at);

-- Claims that wait for the next prebuild, in the order in which they came. One whose process ended vanishes with its lease.
CREATE TABLE workspace_claim_waiters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    preset_id uuid NOT NULL,
    lease_expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
CREATE INDEX workspace_claim_waiters_preset ON workspace_claim_waiters (preset_id, created_at, id);

-- Counters and histograms of what any process does, commands that exit among them: one row for a counter's labels, and for a
-- histogram's labels one row a bucket (its upper bound) and one for the sum.
CREATE TABLE fleet_totals (
    metric text NOT NULL,
    labels text[] NOT NULL DEFAULT '{}',
    part text NOT NULL DEFAULT '',
    value double precision NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (metric, labels, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The claim build of which the agent has been told, so that it is told once.
ALTER TABLE workspace_agents ADD COLUMN reinit_build_id uuid;

-- What a deployment keeps for itself, sealed when an encryption key is configured.
CREATE TABLE secrets (
    name text PRIMARY KEY,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- When the active version was asked for: by its push, or by a promotion. What was asked for earlier and ends later stands back.
ALTER TABLE templates ADD COLUMN activated_at timestamptz;
