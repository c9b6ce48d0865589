-- What a claim needs to be undone, and states that come after another execution has begun.

-- The name that a prebuild had before it was claimed: it gets it back when a replacement policy refuses the claim.
ALTER TABLE workspaces ADD COLUMN prebuild_name varchar(64);
-- Why the outcome is what it is, in words, where the outcome alone does not say it.
ALTER TABLE workspace_claims ADD COLUMN outcome_reason text NOT NULL DEFAULT '';

-- States of executions that had lost their job when they were handed in. Nothing is built from them; whoever looks for what
-- such an execution created finds it here. As sealed as all states.
CREATE TABLE late_states (
    job_id uuid NOT NULL,
    claim_epoch bigint NOT NULL,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    worker_name text NOT NULL DEFAULT '',
    state bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, claim_epoch)
);
CREATE INDEX late_states_workspace ON late_states (workspace_id);
