-- The name of a removed user is free for another one.
DROP INDEX users_username_key;
CREATE UNIQUE INDEX users_username_key ON users (lower(username)) WHERE NOT deleted;
