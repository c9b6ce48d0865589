-- How many hundredths of a pool may be missing because they are replaced. NULL: all of them, at once, as for presets that were
-- not pushed.
ALTER TABLE template_version_presets ADD COLUMN max_unavailable integer;
UPDATE template_version_presets p SET max_unavailable = 20
FROM template_versions v WHERE v.id = p.template_version_id AND v.job_id IS NOT NULL AND p.desired_instances IS NOT NULL;
