-- What a claim of a version's prebuild would replace: planned once on the state of the first prebuild of each preset, nothing
-- applied.
CREATE TABLE template_version_rehearsals (
    template_version_id uuid NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
    preset_id uuid NOT NULL,
    -- The build that does it, or has done it.
    job_id uuid NOT NULL,
    -- pending; in_place; replaces; failed; none (the template has no rehearsal).
    status text NOT NULL DEFAULT 'pending',
    replacements jsonb NOT NULL DEFAULT '[]',
    message text NOT NULL DEFAULT '',
    rehearsed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_version_id, preset_id)
);
