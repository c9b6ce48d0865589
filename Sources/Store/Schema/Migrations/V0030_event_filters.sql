-- What an endpoint wants events to be about, beside their types; empty: anything.
ALTER TABLE webhook_endpoints
    ADD COLUMN templates text[] NOT NULL DEFAULT '{}',
    ADD COLUMN presets text[] NOT NULL DEFAULT '{}',
    ADD COLUMN organizations text[] NOT NULL DEFAULT '{}',
    ADD COLUMN workspace_labels jsonb NOT NULL DEFAULT '{}';
