-- Dead letters are listed and replayed by age; and a drain tells how many jobs it handed over.

CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint_id, created_at) WHERE status = 'permanent_failure';

ALTER TABLE workers ADD COLUMN jobs_handed_over integer NOT NULL DEFAULT 0;
