-- What the last attempt of a job failed by that waits for another one, as 'CAPACITY: no such machine is to be had'.
ALTER TABLE provisioner_jobs ADD COLUMN retry_reason text;

-- Workers of the release before this one cannot read states that were compressed before they were sealed: as long as one of
-- them is up, none are written.
ALTER TABLE workers ADD COLUMN reads_compressed_states boolean NOT NULL DEFAULT false;

-- Deleted workspaces that stay because a claim names them, and have nothing left to be removed.
ALTER TABLE workspaces ADD COLUMN pruned boolean NOT NULL DEFAULT false;
DROP INDEX workspaces_removed;
CREATE INDEX workspaces_removed ON workspaces (updated_at) WHERE deleted AND NOT pruned;
-- Which failed build of a preset is the newest.
CREATE INDEX workspace_builds_preset ON workspace_builds (template_version_preset_id, created_at, id)
    WHERE template_version_preset_id IS NOT NULL;
