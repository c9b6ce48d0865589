-- Who changed what, and when: one row for each operation that changed anything, written with the change. Retention removes old
-- rows.
CREATE TABLE audit_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL,
    -- NULL: not a user of the database, but a holder of its credentials.
    actor_id uuid,
    -- By which way it was asked: command, api or console.
    origin text NOT NULL DEFAULT 'command',
    action text NOT NULL,
    -- The kind of thing that the action is about, and which one it was, in the caller's words.
    resource text NOT NULL DEFAULT '',
    target text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_entries_age ON audit_entries USING brin (created_at);
