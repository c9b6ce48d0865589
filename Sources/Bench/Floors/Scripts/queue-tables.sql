-- SPDX-License-Identifier: Apache-2.0
-- The least that a queue needs: what is to be done, its place, and when it began and ended. Room on each page for the two changes
-- of a row; one index, of the jobs that wait, in the order of claims.
DROP TABLE IF EXISTS jobs;
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    priority smallint NOT NULL DEFAULT 0,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX jobs_waiting ON jobs (priority, id) WHERE started_at IS NULL;
