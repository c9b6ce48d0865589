-- A hard limit is half-open: after a while one build is tried, then after twice as long, until one succeeds.
ALTER TABLE template_version_presets
    -- Since when the preset is hard limited; a build that succeeds after that resolves it.
    ADD COLUMN hard_limited_at timestamptz,
    -- How many builds were tried since then, and when the next one may be; null: none.
    ADD COLUMN limit_trials integer NOT NULL DEFAULT 0,
    ADD COLUMN limit_trial_at timestamptz;
UPDATE template_version_presets SET hard_limited_at = now(), limit_trial_at = now() + interval '15 minutes'
WHERE prebuild_status = 'hard_limited';
