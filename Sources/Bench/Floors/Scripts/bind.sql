-- SPDX-License-Identifier: Apache-2.0
-- The bare bind: hands over the oldest ready prebuild of a preset, found by its index, and inserts a job, a build and the record of
-- the claim. One statement, one durable commit. The claims of all clients go through the presets in turns.
\set number :number + 1
\set preset (:number * :clients + :client_id) % :presets
WITH next AS (
    SELECT id FROM prebuilds WHERE preset = :preset AND owner IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
), bound AS (
    UPDATE prebuilds SET owner = :client_id, name = 'workspace-' || prebuilds.id, claimed_at = now()
    FROM next WHERE prebuilds.id = next.id RETURNING prebuilds.id
), job AS (
    INSERT INTO jobs (prebuild) SELECT id FROM bound RETURNING id, prebuild
), build AS (
    INSERT INTO builds (prebuild, job) SELECT prebuild, id FROM job RETURNING id, prebuild
)
INSERT INTO claims (prebuild, build, owner) SELECT prebuild, id, :client_id FROM build RETURNING prebuild \gset
