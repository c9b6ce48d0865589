-- Life after the claim: when a workspace ends, whether it is dormant, and the rules of its template. All columns are empty for
-- what exists, so that programs of the release before go on with it.
ALTER TABLE template_versions
    ADD COLUMN lifetime_default_secs integer,
    ADD COLUMN lifetime_max_secs integer,
    ADD COLUMN lifetime_warn_secs integer,
    ADD COLUMN dormant_after_secs integer,
    ADD COLUMN dormant_delete_secs integer;

-- A warning is sent once for each moment: an extension, or use, moves the moment.
ALTER TABLE workspaces
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN expiry_warned_for timestamptz,
    ADD COLUMN dormant_at timestamptz,
    ADD COLUMN dormancy_warned_for timestamptz;
CREATE INDEX workspaces_expiring ON workspaces (expires_at) WHERE expires_at IS NOT NULL AND NOT deleted;

-- What an update of a workspace to another version would replace: the latest rehearsal of each workspace.
CREATE TABLE workspace_rehearsals (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    job_id uuid NOT NULL,
    template_version_id uuid NOT NULL,
    replacements jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX workspace_rehearsals_job ON workspace_rehearsals (job_id);

-- A rehearsal changes nothing, so nothing may remain of its build, whoever ends its job: the next build follows the one before.
CREATE FUNCTION stoker_rehearsal_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workspace_builds WHERE job_id = NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER provisioner_jobs_rehearsal_ended AFTER UPDATE OF completed_at ON provisioner_jobs
    FOR EACH ROW WHEN (
        OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL AND NEW.type = 'workspace_build' AND NEW.input ? 'rehearsal'
    ) EXECUTE FUNCTION stoker_rehearsal_ended();
