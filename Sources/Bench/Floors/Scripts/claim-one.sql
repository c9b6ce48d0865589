-- SPDX-License-Identifier: Apache-2.0
-- Claims the next job and completes it: two statements, because the work is between them, and two durable commits.
UPDATE jobs SET started_at = now()
WHERE id = (SELECT id FROM jobs WHERE started_at IS NULL ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id \gset
UPDATE jobs SET completed_at = now() WHERE id = :id;
