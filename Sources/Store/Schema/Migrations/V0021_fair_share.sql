-- Pools share the workers fairly. A pool's job enters the queue at a place that depends on how many builds of the pool are
-- under way: its `available_at` lies before the time of its order, by `queue_lead`.
ALTER TABLE provisioner_jobs ADD COLUMN queue_lead interval NOT NULL DEFAULT '0';
-- A pool of weight 2 gets twice the share of one of weight 1.
ALTER TABLE template_version_presets ADD COLUMN weight integer NOT NULL DEFAULT 1;
