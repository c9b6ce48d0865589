-- Parameters that a template declares in Coder's blocks: they take their values from the environment of a build, and say more
-- about themselves than variables do.
ALTER TABLE template_version_parameters
    ADD COLUMN source text NOT NULL DEFAULT 'variable',
    ADD COLUMN display_name text NOT NULL DEFAULT '',
    ADD COLUMN icon text NOT NULL DEFAULT '',
    ADD COLUMN ephemeral boolean NOT NULL DEFAULT false,
    ADD COLUMN option_labels jsonb NOT NULL DEFAULT '[]';
-- What an agent runs in its workspace, sealed when an encryption key is configured: by the state of the build.
ALTER TABLE workspace_agents ADD COLUMN manifest bytea;
