-- A promoted version takes over from the one before, step by step. A pass reads and writes what is here in its transaction.
ALTER TABLE template_version_presets
    -- NULL: as for presets that were not pushed: what is not of the active version is deleted at once.
    ADD COLUMN rollout_strategy text CHECK (rollout_strategy IN ('rolling', 'recreate')),
    ADD COLUMN rollout_floor integer NOT NULL DEFAULT 50,
    ADD COLUMN rollout_canary integer NOT NULL DEFAULT 1,
    ADD COLUMN rollout_deadline_secs integer NOT NULL DEFAULT 1800,
    ADD COLUMN rollout_on_failure text NOT NULL DEFAULT 'hold' CHECK (rollout_on_failure IN ('hold', 'rollback')),
    -- What a build of the preset depends on: the same digest, the same workspace. NULL: unknown.
    ADD COLUMN build_digest text,
    -- Presets of earlier versions whose prebuilds serve this one's claims, until the roll-out ends; newest first.
    ADD COLUMN predecessor_ids uuid[] NOT NULL DEFAULT '{}',
    -- The one of them that was proven: the old pool is kept filled from it.
    ADD COLUMN standby_preset_id uuid,
    -- When enough prebuilds of this preset had become ready.
    ADD COLUMN canary_passed_at timestamptz;
UPDATE template_version_presets p SET rollout_strategy = 'rolling'
FROM template_versions v WHERE v.id = p.template_version_id AND v.job_id IS NOT NULL AND p.desired_instances IS NOT NULL;

CREATE TABLE template_rollouts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    template_id uuid NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    from_version_id uuid NOT NULL,
    to_version_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'running'
        CHECK (status IN ('running', 'paused', 'held', 'completed', 'rolled_back', 'superseded')),
    -- Why it is held, was rolled back, or is paused.
    reason text NOT NULL DEFAULT '',
    is_rollback boolean NOT NULL DEFAULT false,
    -- How many prebuilds were taken over as they are.
    adopted integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    -- The progress deadline counts from here, or from the last prebuild that became ready.
    progressed_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX template_rollouts_open ON template_rollouts (template_id) WHERE ended_at IS NULL;
CREATE INDEX template_rollouts_started ON template_rollouts (template_id, started_at);

-- Prebuilds of a preset that differs from another one in numbers only become that one's. Returns how many.
CREATE FUNCTION stoker_adopt(old_preset uuid, new_preset uuid, new_version uuid) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    prebuilds uuid[];
BEGIN
    -- A claim that holds a row comes first: then it is no prebuild any more.
    SELECT coalesce(array_agg(locked.id), '{}') INTO prebuilds FROM (
        SELECT w.id FROM workspaces w
        WHERE (w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted) IS TRUE
            AND w.prebuild_preset_id = old_preset AND NOT w.retiring
        ORDER BY w.id FOR NO KEY UPDATE
    ) locked;
    -- Those that have failed stay where they are: they are evidence.
    SELECT coalesce(array_agg(w.id), '{}') INTO prebuilds
    FROM unnest(prebuilds) w(id)
    CROSS JOIN LATERAL (SELECT * FROM workspace_builds x WHERE x.workspace_id = w.id ORDER BY x.build_number DESC LIMIT 1) b
    JOIN provisioner_jobs j ON j.id = b.job_id
    WHERE b.transition = 'start' AND j.job_status IN ('pending', 'running', 'succeeded')
        AND b.template_version_preset_id = old_preset;
    UPDATE workspaces SET prebuild_preset_id = new_preset, updated_at = now() WHERE id = ANY(prebuilds);
    UPDATE workspace_builds SET template_version_id = new_version, template_version_preset_id = new_preset, updated_at = now()
    WHERE workspace_id = ANY(prebuilds) AND template_version_preset_id = old_preset;
    RETURN cardinality(prebuilds);
END;
$$;

-- Whoever makes a version the active one starts its roll-out, in the same transaction: no pass and no claim sees the one without
-- the other.
CREATE FUNCTION stoker_version_activated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pair record;
    adopted_count integer := 0;
    has_old boolean;
BEGIN
    UPDATE template_rollouts SET status = 'superseded', ended_at = now(), updated_at = now()
    WHERE template_id = NEW.id AND ended_at IS NULL;
    FOR pair IN
        SELECT mine.id, other.id AS old_id,
            other.last_invalidated_at, other.failures_forgotten_before
        FROM template_version_presets mine
        JOIN template_versions v ON v.template_id = NEW.id
        JOIN template_version_presets other ON other.template_version_id = v.id AND other.name = mine.name
        WHERE mine.template_version_id = NEW.active_version_id AND other.id <> mine.id
            AND mine.desired_instances IS NOT NULL AND mine.build_digest = other.build_digest
            AND (other.template_version_id = OLD.active_version_id OR EXISTS (
                SELECT FROM workspaces w
                WHERE (w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted) IS TRUE
                    AND w.prebuild_preset_id = other.id
            ))
        ORDER BY mine.id, v.created_at
    LOOP
        adopted_count := adopted_count + stoker_adopt(pair.old_id, pair.id, NEW.active_version_id);
        UPDATE template_version_presets
        SET last_invalidated_at = greatest(last_invalidated_at, pair.last_invalidated_at),
            failures_forgotten_before = greatest(failures_forgotten_before, pair.failures_forgotten_before),
            updated_at = now()
        WHERE id = pair.id;
    END LOOP;
    -- What the version before, or one that it had not replaced yet, still holds serves the claims of this one.
    UPDATE template_version_presets mine
    SET canary_passed_at = CASE WHEN p.is_known THEN now() END, predecessor_ids = p.ids, standby_preset_id = nullif(p.standby, mine.id)
    FROM (
        SELECT m.id AS preset_id, array_agg(o.id ORDER BY v.created_at DESC) AS ids,
            min((CASE WHEN o.standby_preset_id IS NULL OR o.canary_passed_at IS NOT NULL THEN o.id ELSE o.standby_preset_id END)::text)
                FILTER (WHERE v.id = OLD.active_version_id)::uuid AS standby,
            -- Something was built of the same files and values before.
            EXISTS (
                SELECT FROM template_versions kv
                JOIN template_version_presets k ON k.template_version_id = kv.id AND k.name = m.name
                JOIN workspace_builds b ON b.template_version_preset_id = k.id AND b.build_number = 1 AND b.transition = 'start'
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.job_status = 'succeeded'
                WHERE kv.template_id = NEW.id AND k.build_digest = m.build_digest
            ) AS is_known
        FROM template_version_presets m
        JOIN template_versions v ON v.template_id = NEW.id
        JOIN template_version_presets o ON o.template_version_id = v.id AND o.name = m.name AND o.id <> m.id
        WHERE m.template_version_id = NEW.active_version_id AND m.rollout_strategy = 'rolling'
            AND m.desired_instances IS NOT NULL AND o.desired_instances IS NOT NULL
            AND (v.id = OLD.active_version_id AND m.build_digest IS DISTINCT FROM o.build_digest OR EXISTS (
                SELECT FROM workspaces w
                WHERE (w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted) IS TRUE
                    AND w.prebuild_preset_id = o.id AND NOT w.retiring
            ) OR o.id = (
                -- Also when all of its prebuilds are claimed at the moment.
                SELECT s.standby_preset_id FROM template_version_presets s
                WHERE s.template_version_id = OLD.active_version_id AND s.name = m.name
            ))
        GROUP BY m.id
    ) p
    WHERE mine.id = p.preset_id;
    has_old := FOUND;
    UPDATE template_version_presets p SET predecessor_ids = '{}', standby_preset_id = NULL, canary_passed_at = NULL
    FROM template_versions v
    WHERE v.template_id = NEW.id AND p.template_version_id = v.id AND v.id <> NEW.active_version_id
        AND (p.predecessor_ids <> '{}' OR p.standby_preset_id IS NOT NULL);
    IF has_old OR adopted_count > 0 THEN
        INSERT INTO template_rollouts (template_id, from_version_id, to_version_id, is_rollback, adopted)
        VALUES (
            NEW.id, OLD.active_version_id, NEW.active_version_id,
            coalesce(current_setting('stoker.is_rollback', true), '') = 'on', adopted_count
        );
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER templates_rollout AFTER UPDATE OF active_version_id ON templates
    FOR EACH ROW WHEN (
        OLD.active_version_id <> NEW.active_version_id AND NOT NEW.deleted AND NEW.deprecated = ''
    ) EXECUTE FUNCTION stoker_version_activated();
