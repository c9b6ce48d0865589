-- What retention removes of deleted workspaces is found without reading the others.
CREATE INDEX workspaces_removed ON workspaces (updated_at) WHERE deleted;
