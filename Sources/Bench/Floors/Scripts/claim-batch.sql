-- SPDX-License-Identifier: Apache-2.0
-- Claims the next hundred jobs and completes them: two statements and two durable commits a hundred.
WITH claimed AS (
    UPDATE jobs SET started_at = now()
    WHERE id IN (
        SELECT id FROM jobs WHERE started_at IS NULL ORDER BY priority, id LIMIT 100 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
)
SELECT array_agg(id) AS ids FROM claimed \gset
UPDATE jobs SET completed_at = now() WHERE id = ANY (:ids::bigint[]);
