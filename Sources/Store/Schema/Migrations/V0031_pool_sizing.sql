-- Pools that size themselves, and sizes that operators set without a new version.

ALTER TABLE template_version_presets
    ADD COLUMN autoscale_mode text NOT NULL DEFAULT 'off',
    ADD COLUMN autoscale_goal double precision NOT NULL DEFAULT 0.95,
    ADD COLUMN autoscale_min integer NOT NULL DEFAULT 1,
    ADD COLUMN autoscale_max integer NOT NULL DEFAULT 20;

-- Both tables are about a pool over all versions of its template: a preset's name.
CREATE TABLE pool_overrides (
    template_id uuid NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    preset_name text NOT NULL,
    -- What is NULL stays as the template says.
    instances integer,
    mode text,
    goal double precision,
    min_instances integer,
    max_instances integer,
    -- NULL: until somebody resets it.
    until timestamptz,
    reason text NOT NULL DEFAULT '',
    set_by text NOT NULL DEFAULT '',
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_id, preset_name)
);

CREATE TABLE pool_sizing (
    template_id uuid NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    preset_name text NOT NULL,
    -- For each quarter of an hour of the week: claims, and weeks, both decayed. They change four times an hour, and stay where
    -- they are while the rest of the row changes. The revision is a new one whenever they change.
    claims double precision[] NOT NULL DEFAULT '{}',
    weeks double precision[] NOT NULL DEFAULT '{}',
    revision bigint NOT NULL DEFAULT 0,
    -- The quarter of an hour, since 1970, whose claims are being counted, and how many there are so far.
    open_slot bigint,
    open_claims integer NOT NULL DEFAULT 0,
    -- Claims that were recorded up to then have been learned.
    learned_until timestamptz NOT NULL,
    theta double precision NOT NULL,
    -- In seconds, and when it was measured.
    lead_time double precision NOT NULL,
    measured_at timestamptz,
    -- Recent sizes, each larger than those after it.
    peak_times timestamptz[] NOT NULL DEFAULT '{}',
    peak_sizes integer[] NOT NULL DEFAULT '{}',
    -- Whether the schedule or the maximum decided about the last size.
    is_floored boolean NOT NULL DEFAULT false,
    is_capped boolean NOT NULL DEFAULT false,
    -- The last replay of a week, and how long the schedule decides because of it.
    replayed_at timestamptz,
    replay jsonb,
    fallback_until timestamptz,
    fallback_message text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_id, preset_name)
) WITH (fillfactor = 70);

-- Why a pool has its size: the template's number, an override, and what autoscaling said. NULL: the template's number.
ALTER TABLE prebuild_decisions ADD COLUMN size jsonb;

-- Claims of all versions of a template: what pools learn from, and what reports count.
CREATE INDEX workspace_claims_template ON workspace_claims (template_id, created_at);
