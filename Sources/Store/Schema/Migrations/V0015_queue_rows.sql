-- A job's row is rewritten when it is claimed and when it ends, a page's worth of jobs at a time. With room for that beside
-- them the new versions stay on their page: less write-ahead log, and in the end a smaller table than a full one becomes.
ALTER TABLE provisioner_jobs SET (fillfactor = 40);
