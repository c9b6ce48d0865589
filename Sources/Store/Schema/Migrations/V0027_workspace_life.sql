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
