-- SPDX-License-Identifier: Apache-2.0
-- Enqueues a job: the bare insert, and a durable commit.
INSERT INTO jobs (payload) VALUES ('{"no_op": true}');
