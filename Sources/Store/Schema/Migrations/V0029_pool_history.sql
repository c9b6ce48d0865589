-- What pools were like, for charts: a row for each pool and five minutes, after a day for each hour. A row stands for the time
-- that ends with `at`.
CREATE TABLE pool_history (
    template_id uuid NOT NULL,
    preset_name text NOT NULL,
    at timestamptz NOT NULL,
    -- The time that the row stands for: 300 or 3600.
    seconds integer NOT NULL DEFAULT 300,
    -- At the end of the time; of an hour, the mean.
    desired real NOT NULL DEFAULT 0,
    ready real NOT NULL DEFAULT 0,
    starting real NOT NULL DEFAULT 0,
    -- Within the time.
    claims integer NOT NULL DEFAULT 0,
    misses integer NOT NULL DEFAULT 0,
    PRIMARY KEY (template_id, preset_name, at)
);
CREATE INDEX pool_history_fine ON pool_history (at) WHERE seconds = 300;
CREATE INDEX pool_history_age ON pool_history USING brin (at);
