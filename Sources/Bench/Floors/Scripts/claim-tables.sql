-- SPDX-License-Identifier: Apache-2.0
-- The least that claims need: prebuilds with one index of those that are ready, by preset and in the order of claims; and a row in
-- each of three tables for every claim.
DROP TABLE IF EXISTS prebuilds, builds, jobs, claims;
CREATE TABLE prebuilds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    preset integer NOT NULL,
    name text NOT NULL,
    owner integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    claimed_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX prebuilds_ready ON prebuilds (preset, id) WHERE owner IS NULL;
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prebuild bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prebuild bigint NOT NULL,
    job bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE claims (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prebuild bigint NOT NULL,
    build bigint NOT NULL,
    owner integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
