-- SPDX-License-Identifier: Apache-2.0
-- What a job on an idle queue costs at least: it is inserted with a notification, and claimed; two durable commits. One session
-- makes both, so nobody has to be woken.
WITH job AS (INSERT INTO jobs (payload) VALUES ('{"no_op": true}') RETURNING id)
SELECT pg_notify('jobs', '') FROM job;
UPDATE jobs SET started_at = now()
WHERE id = (SELECT id FROM jobs WHERE started_at IS NULL ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;
