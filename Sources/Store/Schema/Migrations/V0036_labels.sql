-- Names and values that owners give their workspaces, for lists and selectors.
ALTER TABLE workspaces ADD COLUMN labels jsonb NOT NULL DEFAULT '{}';
CREATE INDEX workspaces_labels ON workspaces USING gin (labels jsonb_path_ops) WHERE labels <> '{}' AND NOT deleted;
