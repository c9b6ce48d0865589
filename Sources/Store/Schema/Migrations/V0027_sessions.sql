-- Who is signed in at the console.
CREATE TABLE sessions (
    -- SHA-256 of the text in the browser's cookie.
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL,
    -- The token that was signed in with: the session ends with it. Null: the user signed in another way.
    token_id uuid,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
