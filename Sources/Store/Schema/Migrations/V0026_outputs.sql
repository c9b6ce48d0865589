-- What builds give to the owners of their workspaces: outputs of Terraform, and of processes. A value is open or sealed: the
-- sensitive ones are encrypted with the installation's key, and no other program reads them.
CREATE TABLE workspace_build_outputs (
    workspace_build_id uuid NOT NULL REFERENCES workspace_builds (id) ON DELETE CASCADE,
    name text NOT NULL,
    value jsonb,
    sealed bytea,
    PRIMARY KEY (workspace_build_id, name),
    CONSTRAINT workspace_build_outputs_one_value CHECK ((value IS NULL) <> (sealed IS NULL))
);
